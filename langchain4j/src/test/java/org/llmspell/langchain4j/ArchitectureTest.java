package org.llmspell.langchain4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The house's rules for this module, which the command's tests do not see: nothing depends on it. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.llmspell.langchain4j");

    @Test
    void itKnowsLocalModelsAndWhatOfTheEngineARequestIsMadeOf() {
        assertThat(CLASSES).hasSizeGreaterThan(10);
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.llmspell.cli..",
                        "org.llmspell.lua..",
                        "org.llmspell.server..",
                        "org.llmspell.kernels..",
                        "org.llmspell.gguf..",
                        "com.fasterxml..",
                        "tools.jackson..",
                        "org.slf4j..")
                .check(CLASSES);
    }

    @Test
    void itKeepsToTheInterfaceThatLangChain4jPublishes() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.langchain4j.internal..")
                .check(CLASSES);
    }

    @Test
    void nobodyPrintsOrEndsTheProcess() {
        noClasses()
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .check(CLASSES);
    }
}
