package org.llmspell.kernels.x86;

/** The operand of a vector instruction that may be a register or memory. */
sealed interface Source permits Vec, Mem {}
