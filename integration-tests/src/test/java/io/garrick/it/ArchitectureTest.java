package io.garrick.it;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;

/** The rules of the house between packages; between modules Maven keeps them. */
@AnalyzeClasses(packages = "io.garrick", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    @ArchTest
    static final ArchRule theRaftCoreHasNoThreadNoClockAndNoSocket =
            noClasses()
                    .that()
                    .resideInAPackage("io.garrick.raft")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("java.net..", "java.nio.channels..", "io.grpc..")
                    .orShould()
                    .dependOnClassesThat()
                    .areAssignableTo(Thread.class)
                    .orShould()
                    .callMethod(System.class, "currentTimeMillis")
                    .orShould()
                    .callMethod(System.class, "nanoTime")
                    .orShould()
                    .callMethod(Instant.class, "now");

    @ArchTest
    static final ArchRule onlyTheDuckPackageTouchesDuckDb =
            noClasses()
                    .that()
                    .resideInAPackage("io.garrick.query..")
                    .and()
                    .resideOutsideOfPackage("io.garrick.query.duck..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("org.duckdb..");

    @ArchTest
    static final ArchRule nobodyDependsOnTheServer =
            noClasses()
                    .that()
                    .resideOutsideOfPackages(
                            "io.garrick.server..",
                            "io.garrick.bench..",
                            "io.garrick.clientgo..",
                            "io.garrick.sim..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.garrick.server..");

    @ArchTest
    static final ArchRule theLearnerDoesNotKnowTheColumnStore =
            noClasses()
                    .that()
                    .resideInAPackage("io.garrick.learner..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "io.garrick.mergetree..",
                            "io.garrick.regioncache..",
                            "io.garrick.query..",
                            "io.garrick.flashkv..");

    @ArchTest
    static final ArchRule modulesSeeOnlyTheFacadeOfTheMergeTree =
            noClasses()
                    .that()
                    .resideOutsideOfPackages("io.garrick.mergetree..", "io.garrick.bench..")
                    .should()
                    .dependOnClassesThat(inSubPackagesOf("io.garrick.mergetree"));

    @ArchTest
    static final ArchRule modulesSeeOnlyTheFacadeOfTheLearner =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.garrick.learner..")
                    .should()
                    .dependOnClassesThat(inSubPackagesOf("io.garrick.learner"));

    @ArchTest
    static final ArchRule rocksDbStaysBehindItsDoors =
            classes()
                    .that(dependOnRocksDb())
                    .should()
                    .resideInAnyPackage(
                            "io.garrick.base",
                            "io.garrick.learner.snapshot",
                            "io.garrick.flashkv.store..",
                            "io.garrick.bench..");

    private static DescribedPredicate<JavaClass> inSubPackagesOf(String facade) {
        return DescribedPredicate.describe(
                "in sub-packages of " + facade,
                type -> type.getPackageName().startsWith(facade + "."));
    }

    private static DescribedPredicate<JavaClass> dependOnRocksDb() {
        return DescribedPredicate.describe(
                "depend on RocksDB",
                type ->
                        type.getDirectDependenciesFromSelf().stream()
                                .anyMatch(dependency ->
                                        dependency
                                                .getTargetClass()
                                                .getPackageName()
                                                .startsWith("org.rocksdb")));
    }
}
