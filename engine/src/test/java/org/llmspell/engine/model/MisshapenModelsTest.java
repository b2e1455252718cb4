package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.fixtures.Architecture;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.TensorSpec;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.kernels.KernelProvider;

/** A file whose tensors have other shapes than its hyper-parameters say is refused, whatever the architecture and tensor. */
class MisshapenModelsTest {
    @TempDir
    Path folder;

    static Stream<DenseModels.Case> oneOfEachArchitecture() {
        Set<String> seen = new HashSet<>();
        return DenseModels.all().filter(model -> seen.add(model.architecture().name()));
    }

    @ParameterizedTest
    @MethodSource("oneOfEachArchitecture")
    void oneRowMoreOfAnyTensorIsRefusedByItsName(DenseModels.Case model) throws Exception {
        ModelShape shape = model.shape().toBuilder().layers(1).vocabulary(8).build();
        load(model.architecture(), shape);
        for (TensorSpec tensor : model.architecture().tensors(shape)) {
            assertThatThrownBy(() -> load(new OneRowMore(model.architecture(), tensor.name()), shape))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.BROKEN_MODEL))
                    .hasMessageContaining("tensor " + tensor.name() + " has shape");
        }
    }

    private void load(Architecture architecture, ModelShape shape) throws IOException, GgufException {
        Path path = folder.resolve("model.gguf");
        SyntheticModel.of(architecture, shape, WeightMix.uniform(BlockFormat.F32))
                .write(path);
        try (GgufFile file = GgufFile.open(path);
                Arena arena = Arena.ofConfined()) {
            Tensors tensors = new Tensors(name -> file.tensor(name).orElse(null), KernelProvider.scalar(), arena);
            Hyperparameters parameters = new Hyperparameters(file.metadata(), architecture.name());
            assertThat(Architectures.load(new ModelSource(parameters, tensors, shape.vocabulary())))
                    .isNotNull();
        }
    }

    private record OneRowMore(Architecture architecture, String tensor) implements Architecture {
        @Override
        public String name() {
            return architecture.name();
        }

        @Override
        public void metadata(ModelShape shape, GgufWriter writer) {
            architecture.metadata(shape, writer);
        }

        @Override
        public List<TensorSpec> tensors(ModelShape shape) {
            return architecture.tensors(shape).stream()
                    .map(spec -> spec.name().equals(tensor) ? grown(spec) : spec)
                    .toList();
        }

        private static TensorSpec grown(TensorSpec spec) {
            List<Long> dimensions = new ArrayList<>(spec.shape());
            dimensions.add(dimensions.removeLast() + 1);
            return new TensorSpec(spec.name(), spec.role(), spec.layer(), dimensions);
        }
    }
}
