package org.llmspell.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.cli.console.TraceLog;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.lua.LuaRuntime;

/** The house's rules that a compiler does not hold. This module sees all others, so they are checked here. */
class ArchitectureTest {
    /** The modules from the top down; each may use those after it. */
    private static final List<String> MODULES =
            List.of("cli", "lua", "server", "local", "engine", "kernels", "fixtures", "gguf");

    /** The variables that may change: the logger that {@link java.util.ServiceLoader} makes needs one. */
    private static final Set<String> MUTABLE_STATICS = Set.of(TraceLog.class.getName() + ".sink");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("/testing/"))
            .importPackages("org.llmspell");

    private static String in(String module) {
        return "org.llmspell." + module + "..";
    }

    @ParameterizedTest
    @ValueSource(strings = {"cli", "lua", "server", "local", "engine", "kernels", "fixtures", "gguf"})
    void everyModuleIsLookedAt(String module) {
        assertThat(CLASSES.that(resideInAPackage(in(module)))).hasSizeGreaterThan(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lua", "server", "local", "engine", "kernels", "fixtures", "gguf"})
    void dependenciesPointOnlyDownwards(String module) {
        String[] above = MODULES.subList(0, MODULES.indexOf(module)).stream()
                .map(ArchitectureTest::in)
                .toArray(String[]::new);

        noClasses()
                .that()
                .resideInAPackage(in(module))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(above)
                .check(CLASSES);
    }

    @Test
    void kernelsKnowNothingOfFilesButTheBlockFormats() {
        noClasses()
                .that()
                .resideInAPackage(in("kernels"))
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage(in("gguf")).and(DescribedPredicate.not(type(BlockFormat.class))))
                .check(CLASSES);
    }

    /** It writes files and nothing else, so that whoever measures or tests can use it, and only they do. */
    @Test
    void onlyTheCommandMakesSyntheticModels() {
        noClasses()
                .that()
                .resideOutsideOfPackages(in("cli"), in("fixtures"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(in("fixtures"))
                .check(CLASSES);
    }

    @Test
    void theEngineKnowsNoCommandLineNoConfigurationFileNoNetworkAndNoLua() {
        noClasses()
                .that()
                .resideInAnyPackage(in("engine"), in("kernels"), in("gguf"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("picocli..", "org.tomlj..", "java.net..", "party.iroiro..")
                .check(CLASSES);
    }

    @Test
    void theServerKnowsNoCommandLineAndNoLua() {
        noClasses()
                .that()
                .resideInAPackage(in("server"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("picocli..", "party.iroiro..", in("lua"))
                .check(CLASSES);
    }

    /** Everything else of it knows requests and replies, and no event loop. */
    @Test
    void onlyTheTransportKnowsVertx() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.llmspell.server.http")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vertx..", "io.netty..")
                .check(CLASSES);
    }

    @Test
    void localModelsKnowNoCommandLineAndNoLua() {
        noClasses()
                .that()
                .resideInAPackage(in("local"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("picocli..", "party.iroiro..")
                .check(CLASSES);
    }

    /** It is for Java programs, and brings a second JSON library, which the command need not look through at every start. */
    @Test
    void nobodyDependsOnTheModuleForLangChain4j() {
        noClasses()
                .that()
                .resideOutsideOfPackage(in("langchain4j"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(in("langchain4j"), "dev.langchain4j..", "com.fasterxml.jackson..")
                .check(CLASSES);
        assertThat(getClass().getResource("/dev/langchain4j/model/chat/ChatModel.class"))
                .isNull();
    }

    /** A module's root package is its contract and its wiring, so it and the sub-packages may know each other. */
    @ParameterizedTest
    @ValueSource(strings = {"cli", "lua", "server", "local", "engine", "engine.template", "kernels"})
    void subPackagesOfAModuleFormNoCycle(String parent) {
        slices().matching("org.llmspell." + parent + ".(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void onlyMainEndsTheProcess() {
        noClasses()
                .that(DescribedPredicate.not(type(Main.class)))
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class)
                .check(CLASSES);
    }

    @Test
    void nobodyUsesALoggingFramework() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.util.logging..", "org.slf4j..", "org.apache.logging..", "org.apache.commons.logging..")
                .check(CLASSES);
    }

    /** But for the class that takes them from the process, and the defaults of the builder of Lua runtimes. */
    @Test
    void nobodyPrintsPastTheStreamsGiven() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.llmspell.cli.console")
                .and(DescribedPredicate.not(type(LuaRuntime.Builder.class)))
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .accessField(System.class, "in")
                .check(CLASSES);
    }

    @Test
    void staticVariablesDoNotChange() {
        DescribedPredicate<JavaField> named =
                DescribedPredicate.describe("named exceptions", field -> MUTABLE_STATICS.contains(field.getFullName()));
        fields().that(DescribedPredicate.not(named))
                .and()
                .areStatic()
                .should()
                .beFinal()
                .check(CLASSES);
    }

    @Test
    void staticConstantsHoldNothingThatChanges() {
        DescribedPredicate<JavaClass> mutable = DescribedPredicate.describe(
                "types made to be changed",
                type -> (type.isAssignableTo(Collection.class) || type.isAssignableTo(Map.class))
                                && !Set.of("java.util.List", "java.util.Set", "java.util.Map")
                                        .contains(type.getName())
                        || type.getPackageName().startsWith("java.util.concurrent"));
        noFields()
                .that()
                .areStatic()
                .and(DescribedPredicate.describe(
                        "written by people", field -> !field.getModifiers().contains(JavaModifier.SYNTHETIC)))
                .should()
                .haveRawType(mutable)
                .check(CLASSES);
    }
}
