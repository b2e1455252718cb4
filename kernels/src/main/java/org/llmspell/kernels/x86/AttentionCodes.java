package org.llmspell.kernels.x86;

/** The code of attention in one set of instructions. */
enum AttentionCodes {
    AVX512(16, AttentionTileCode.QUERIES) {
        @Override
        boolean possible(int keyDimension, int valueDimension, int pageTokens) {
            return AttentionCode.possible(keyDimension, valueDimension, pageTokens);
        }

        @Override
        boolean tilesPossible(int keyDimension, int valueDimension, int pageTokens) {
            return AttentionTileCode.possible(keyDimension, valueDimension, pageTokens);
        }

        @Override
        Routine page(AttentionCode shape) {
            return shape.page();
        }

        @Override
        Routine finish(AttentionCode shape) {
            return shape.finish();
        }

        @Override
        Routine scaleQueries() {
            return AttentionTileCode.scaleQueries();
        }

        @Override
        Routine widen(AttentionTileCode shape) {
            return shape.widen();
        }

        @Override
        Routine tiles(AttentionTileCode shape) {
            return shape.tiles();
        }
    },
    AVX2(Avx2AttentionCode.LANES, Avx2AttentionTileCode.QUERIES) {
        @Override
        boolean possible(int keyDimension, int valueDimension, int pageTokens) {
            return Avx2AttentionCode.possible(keyDimension, valueDimension, pageTokens);
        }

        @Override
        boolean tilesPossible(int keyDimension, int valueDimension, int pageTokens) {
            return Avx2AttentionTileCode.possible(keyDimension, valueDimension, pageTokens);
        }

        @Override
        Routine page(AttentionCode shape) {
            return new Avx2AttentionCode(shape).page();
        }

        @Override
        Routine finish(AttentionCode shape) {
            return new Avx2AttentionCode(shape).finish();
        }

        @Override
        Routine scaleQueries() {
            return Avx2AttentionTileCode.scaleQueries();
        }

        @Override
        Routine widen(AttentionTileCode shape) {
            return new Avx2AttentionTileCode(shape).widen();
        }

        @Override
        Routine tiles(AttentionTileCode shape) {
            return new Avx2AttentionTileCode(shape).tiles();
        }
    };

    private final int lanes;
    private final int tileQueries;

    AttentionCodes(int lanes, int tileQueries) {
        this.lanes = lanes;
        this.tileQueries = tileQueries;
    }

    /** Floats of a vector. */
    int lanes() {
        return lanes;
    }

    /** Query vectors of a tile, {@link AttentionTileCode#QUERIES} at most. */
    int tileQueries() {
        return tileQueries;
    }

    /** Whether there can be code for heads and pages of these sizes. */
    abstract boolean possible(int keyDimension, int valueDimension, int pageTokens);

    /** Whether there can be code for tiles of such. */
    abstract boolean tilesPossible(int keyDimension, int valueDimension, int pageTokens);

    /** As {@link AttentionCode#page} has it. */
    abstract Routine page(AttentionCode shape);

    /** As {@link AttentionCode#finish} has it. */
    abstract Routine finish(AttentionCode shape);

    /** As {@link AttentionTileCode#scaleQueries} has it. */
    abstract Routine scaleQueries();

    /** As {@link AttentionTileCode#widen} has it. */
    abstract Routine widen(AttentionTileCode shape);

    /** As {@link AttentionTileCode#tiles} has it. */
    abstract Routine tiles(AttentionTileCode shape);
}
