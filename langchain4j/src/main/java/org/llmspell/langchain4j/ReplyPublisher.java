package org.llmspell.langchain4j;

import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.CompleteResponse;
import java.util.concurrent.Flow;
import java.util.function.Supplier;
import org.llmspell.local.ChatResult;

/**
 * Replies as a stream of events, a reply for each subscriber, made only as fast as events are asked for. Events come from a thread
 * of the reply's own. A subscriber that throws is one that has cancelled.
 */
final class ReplyPublisher implements Flow.Publisher<ChatModelStreamingEvent> {
    private static final System.Logger LOG = System.getLogger(ReplyPublisher.class.getName());

    private final Supplier<Reply> replies;
    private final String modelName;

    ReplyPublisher(Supplier<Reply> replies, String modelName) {
        this.replies = replies;
        this.modelName = modelName;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ChatModelStreamingEvent> subscriber) {
        Delivery delivery = new Delivery(replies.get(), subscriber);
        subscriber.onSubscribe(delivery);
        Thread.ofVirtual().name("llmspell-reply").start(delivery::run);
    }

    /** One reply on its way to one subscriber. */
    private final class Delivery implements Flow.Subscription {
        private final Reply reply;
        private final Flow.Subscriber<? super ChatModelStreamingEvent> subscriber;
        private final Pieces pieces = new Pieces();
        /** How many more events may come. */
        private long asked;

        private boolean wrongly;
        private boolean over;

        Delivery(Reply reply, Flow.Subscriber<? super ChatModelStreamingEvent> subscriber) {
            this.reply = reply;
            this.subscriber = subscriber;
        }

        void run() {
            reply.whenEndedEarly(this::stopWaiting);
            try {
                deliver();
            } catch (SubscriberFailure e) {
                LOG.log(System.Logger.Level.WARNING, "a subscriber failed, so its reply was cancelled", e.getCause());
            }
        }

        private void deliver() {
            ChatResult result;
            try {
                result = reply.run(chunk -> pieces.events(chunk).forEach(this::next));
            } catch (SubscriberFailure e) {
                throw e;
            } catch (RuntimeException | Error e) {
                guarded(() -> subscriber.onError(e));
                return;
            }
            if (result != null && next(new CompleteResponse(Replies.of(result, modelName)))) {
                guarded(subscriber::onComplete);
            } else if (askedWrongly()) {
                guarded(() -> subscriber.onError(
                        new IllegalArgumentException("a subscriber must ask for at least one event")));
            }
        }

        /** Hands on an event when there is demand; false if there is none any more. */
        private boolean next(ChatModelStreamingEvent event) {
            if (!awaitDemand()) {
                return false;
            }
            guarded(() -> subscriber.onNext(event));
            return true;
        }

        private void guarded(Runnable signal) {
            try {
                signal.run();
            } catch (RuntimeException | Error e) {
                cancel();
                throw new SubscriberFailure(e);
            }
        }

        private synchronized boolean awaitDemand() {
            while (asked == 0 && !over) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    cancel();
                }
            }
            if (over) {
                return false;
            }
            asked -= asked == Long.MAX_VALUE ? 0 : 1;
            return true;
        }

        @Override
        public synchronized void request(long count) {
            if (count <= 0) {
                wrongly = true;
                cancel();
                return;
            }
            asked = asked + count < 0 ? Long.MAX_VALUE : asked + count;
            notifyAll();
        }

        private synchronized boolean askedWrongly() {
            return wrongly;
        }

        private synchronized void stopWaiting() {
            over = true;
            notifyAll();
        }

        @Override
        public void cancel() {
            stopWaiting();
            reply.cancel();
        }
    }

    /** What a subscriber threw. */
    private static final class SubscriberFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        SubscriberFailure(Throwable cause) {
            super(cause);
        }
    }
}
