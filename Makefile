# SPDX-License-Identifier: Apache-2.0
# The build of kv-export, kv-import, kv-migrate and kv-replay.  Everything that is made lies in build/ and bin/.
#
#   make            the programs, in bin/
#   make install    PREFIX (/usr/local), DESTDIR
#   make test       all tests (scripts/test installs what they need first)
#   make unit-tests all unit tests; make run-common/base/test_digest  one of them, see tests/README.md
#   make test-writers ROUNDS=N     migrations that meet programs which go on writing, N times (20)
#   make test-golang-migrate       beside the real golang-migrate, which is built first
#   make lint       formatting, manuals, cppcheck, shellcheck, both compilers' warnings as errors
#   make asan       the programs with AddressSanitizer and UBSan, in build/asan/bin; runs the unit tests so
#   make coverage   all tests, on programs that count which of their lines run; below 90 % it fails
#   make test-matrix  the tests that need a server on PostgreSQL VERSIONS (11 13 15 17 18); FILES (all)
#   make valgrind   whole migrations under valgrind
#   make mutations  every mutation of a real dump (usually a tenth)
#   make fuzz       each fuzz target for SECONDS (60), with its corpus; finds lie in build/fuzz
#   make failing-calls   every call of the programs that can fail fails once, of those to DynamoDB and S3 at most 1500 of a
#                   kind (LIMIT=N: N of each kind)
#   make failing-calls-asan   so many of each kind with sanitizers
#   make kills      COUNT=200 SEED=…  strikes at a running migration, and at a load that replaces a store
#   make random     ROUNDS=20 SEED=1  random legacy databases, whose entries are computed a second time
#   make dist       the source archive of the last commit, build/kv-migrate-VERSION.tar.xz
#   make deb        the Debian package, in build/deb; lintian looks at it
#   make test-deb   installs the package in a new Debian, and migrates there (some minutes, as root)
#   make image      the image for containers, build/kv-migrate-VERSION.oci.tar, of Debian's packages and ours; APT_SOURCES:
#                   lines of sources.list, each in quotes
#   make test-image unpacks the image and migrates in it, as scripts/kubernetes/job.yaml says (as root)
#   make format     rewrite the sources in the house's format

CC ?= gcc
CLANG ?= clang
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share/kv-migrate
LIBEXECDIR ?= $(PREFIX)/libexec/kv-migrate
MANDIR ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
BUILD ?= build
BIN ?= bin

# The folders that things are installed into stand in commands of the shell and of sed.
FOLDERS := DESTDIR PREFIX BINDIR DATADIR LIBEXECDIR MANDIR BASHCOMPDIR ZSHCOMPDIR
ODD_CHARACTERS := & | ; < > * ? ! ( ) [ ] { } ' " ` \ $$ \#
ifneq ($(filter install uninstall,$(MAKECMDGOALS)),)
$(foreach folder,$(FOLDERS),$(if $(filter-out 0 1,$(words $($(folder))))$(strip \
	$(foreach character,$(ODD_CHARACTERS),$(findstring $(character),$($(folder))))), \
	$(error $(folder) has a space or another character that the shell gives a meaning: $($(folder)))))
endif

LIBRARIES := libpq libzstd jansson libprotobuf-c libssl libcrypto libxxhash zlib libcurl expat
# Counted from the migrations folder, so that it is written down nowhere.
LAST_SCHEMA_VERSION := $(shell ls scripts/migrations | sed -n 's/^0*\([0-9]*\)_.*\.up\.sql$$/\1/p' | sort -n | tail -n 1)
VERSION := $(shell sed -n 's/^.define PROGRAM_VERSION "\(.*\)"/\1/p' common/cli/version.h)

# Warnings are errors only where WERROR=-Werror, as in lint and CI: another compiler's new warning breaks nobody's build.
WERROR ?=
# Rows of tables, such as options, leave out their last fields where these are zero.
WARNINGS := -Wall -Wextra $(WERROR) -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Wundef -Wno-missing-field-initializers
HARDENING ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LINK_HARDENING ?= -pie -Wl,-z,relro,-z,now
CFLAGS ?= -O2 -g
DEFINES := -D_DEFAULT_SOURCE -DLAST_SCHEMA_VERSION=$(LAST_SCHEMA_VERSION)
INCLUDES := -I. -isystem $(BUILD)/proto $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I $(LIBRARIES)))
ALL_CFLAGS := -std=c17 -pthread $(CPPFLAGS) $(CFLAGS) $(HARDENING) $(DEFINES) $(INCLUDES)
ALL_LDFLAGS := -pthread -Wl,--as-needed $(LDFLAGS) $(LINK_HARDENING)
LIBS := $(shell pkg-config --libs $(LIBRARIES) yaml-0.1) -lunistring

PROTOS := $(wildcard common/kv/*.proto)
PROTO_SOURCES := $(patsubst common/kv/%.proto,$(BUILD)/proto/%.pb-c.c,$(PROTOS))
PROTO_HEADERS := $(PROTO_SOURCES:.c=.h)
COMMON_SOURCES := $(wildcard common/*/*.c common/*/*/*.c)
EXPORT_SOURCES := $(wildcard export/*.c export/*/*.c)
IMPORT_SOURCES := $(wildcard import/*.c import/*/*.c)
SESSION_SOURCES := $(wildcard scripts/session/*.c)
MIGRATE_SOURCES := $(wildcard scripts/session/migrate/*.c)
REPLAY_SOURCES := $(wildcard scripts/session/replay/*.c)
SOURCES := $(COMMON_SOURCES) $(EXPORT_SOURCES) $(IMPORT_SOURCES) $(SESSION_SOURCES) $(MIGRATE_SOURCES) \
	$(REPLAY_SOURCES)
HEADERS := $(wildcard common/*/*.h common/*/*/*.h export/*.h export/*/*.h import/*.h import/*/*.h scripts/session/*.h \
	scripts/session/*/*.h)
PROGRAMS := kv-export kv-import kv-migrate kv-replay
MANUALS := export/kv-export.1 import/kv-import.1 scripts/kv-migrate.1 scripts/kv-replay.1 common/dump/kv-dump.5
# Their folders are those of what they test: common/base/test_bytes.
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(sort $(shell find tests/unit -name 'test_*.c')))
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

object = $(patsubst %.c,$(BUILD)/%.o,$(1))
COMMON_OBJECTS := $(call object,$(COMMON_SOURCES)) $(PROTO_SOURCES:.c=.o)
EXPORT_OBJECTS := $(call object,$(EXPORT_SOURCES))
IMPORT_OBJECTS := $(call object,$(IMPORT_SOURCES))
SESSION_OBJECTS := $(call object,$(SESSION_SOURCES))
MIGRATE_OBJECTS := $(call object,$(MIGRATE_SOURCES))
REPLAY_OBJECTS := $(call object,$(REPLAY_SOURCES))
# An archive for each part of the programs, their main.c aside: programs, unit tests and fuzz targets link only those that
# they need, so that a change in export/ links no test of import/ again.
LIBCOMMON := $(BUILD)/libcommon.a
LIBEXPORT := $(BUILD)/libexport.a $(LIBCOMMON)
LIBIMPORT := $(BUILD)/libimport.a $(LIBCOMMON)
LIBSESSION := $(BUILD)/libsession.a $(LIBCOMMON)
LIBMIGRATE := $(BUILD)/libmigrate.a $(LIBSESSION)
LIBREPLAY := $(BUILD)/libreplay.a $(LIBSESSION)

.PHONY: all install uninstall test unit-tests unit-tests-build mutations fuzz fuzz-replay fuzz-replay-build fuzz-run \
	failing-calls failing-calls-asan kills random test-writers test-golang-migrate lint asan coverage valgrind test-matrix \
	dist deb test-deb image test-image format clean $(addprefix run-,$(UNIT_TESTS)) $(addprefix replay-,$(FUZZ_TARGETS)) \
	lint-texts lint-scripts lint-tests lint-cppcheck lint-gcc lint-clang
.DELETE_ON_ERROR:
# What was generated stays: what is made of it would be made again else.
.SECONDARY: $(PROTO_SOURCES) $(PROTO_HEADERS) $(patsubst %,$(BUILD)/tests/unit/%.o,$(UNIT_TESTS)) \
	$(patsubst %,$(BUILD)/tests/fuzz/fuzz_%.o,$(FUZZ_TARGETS))

COMPLETIONS := $(BUILD)/completion/kv-migrate.bash $(BUILD)/completion/_kv-migrate
OPTION_LISTS := $(addprefix $(BUILD)/completion/,$(addsuffix .options,$(PROGRAMS)))

all: $(addprefix $(BIN)/,$(PROGRAMS) kv-migrate-session kv-replay-session) $(COMPLETIONS)

$(BUILD)/libcommon.a: $(COMMON_OBJECTS)
$(BUILD)/libexport.a: $(filter-out %/main.o,$(EXPORT_OBJECTS))
$(BUILD)/libimport.a: $(filter-out %/main.o,$(IMPORT_OBJECTS))
$(BUILD)/libsession.a: $(SESSION_OBJECTS)
$(BUILD)/libmigrate.a: $(filter-out %/main.o,$(MIGRATE_OBJECTS))
$(BUILD)/libreplay.a: $(filter-out %/main.o,$(REPLAY_OBJECTS))
$(BUILD)/lib%.a:
	rm -f $@ && $(AR) rcs $@ $^

$(BIN)/kv-export: $(BUILD)/export/main.o $(LIBEXPORT)
$(BIN)/kv-import: $(BUILD)/import/main.o $(LIBIMPORT)
$(BIN)/kv-migrate-session: $(BUILD)/scripts/session/migrate/main.o $(LIBMIGRATE)
$(BIN)/kv-replay-session: $(BUILD)/scripts/session/replay/main.o $(LIBREPLAY)
$(BIN)/kv-export $(BIN)/kv-import $(BIN)/kv-migrate-session $(BIN)/kv-replay-session:
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# A script finds its parts by their places beside its own folder, so that a tree can be moved.
relative = $(shell realpath -m --relative-to=$(1) $(2))
with_places = sed -e 's|@LIBEXECDIR@|$(1)|' -e 's|@DATADIR@|$(2)|'

$(BIN)/kv-migrate: scripts/kv-migrate Makefile
$(BIN)/kv-replay: scripts/kv-replay Makefile
$(BIN)/kv-migrate $(BIN)/kv-replay:
	@mkdir -p $(@D)
	$(call with_places,.,$(call relative,$(BIN),scripts)) $< >$@
	chmod 755 $@

$(OPTION_LISTS): $(BUILD)/completion/%.options: $(BIN)/%
	@mkdir -p $(@D)
	$< --list-options >$@
$(BUILD)/completion/kv-migrate.options: $(BIN)/kv-migrate-session
$(BUILD)/completion/kv-replay.options: $(BIN)/kv-replay-session

$(BUILD)/completion/kv-migrate.bash: $(OPTION_LISTS) scripts/completion/generate scripts/completion/functions.bash
	scripts/completion/generate bash $(OPTION_LISTS) >$@

$(BUILD)/completion/_kv-migrate: $(OPTION_LISTS) scripts/completion/generate scripts/completion/functions.zsh
	scripts/completion/generate zsh $(OPTION_LISTS) >$@

$(BUILD)/proto/%.pb-c.c $(BUILD)/proto/%.pb-c.h: common/kv/%.proto
	@mkdir -p $(@D)
	protoc-c --c_out=$(BUILD)/proto --proto_path=common/kv $<

# The generated code is not ours to mend: no warnings.
$(BUILD)/proto/%.o: $(BUILD)/proto/%.c | $(PROTO_HEADERS)
	$(CC) $(ALL_CFLAGS) -w -MMD -MP -c -o $@ $<

# The number of migrations is in the flags, so their folder is a dependency.
$(BUILD)/%.o: %.c Makefile scripts/migrations | $(PROTO_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(WARNINGS) -MMD -MP -c -o $@ $<

# A test may use what its folder may use.
UNIT_PROGRAMS := $(addprefix $(BUILD)/unit/,$(UNIT_TESTS))
$(filter $(BUILD)/unit/common/%,$(UNIT_PROGRAMS)): $(LIBCOMMON)
$(filter $(BUILD)/unit/export/%,$(UNIT_PROGRAMS)): $(LIBEXPORT)
$(filter $(BUILD)/unit/import/%,$(UNIT_PROGRAMS)): $(LIBIMPORT)
$(filter $(BUILD)/unit/scripts/session/migrate/%,$(UNIT_PROGRAMS)): $(BUILD)/libmigrate.a
$(filter $(BUILD)/unit/scripts/session/replay/%,$(UNIT_PROGRAMS)): $(BUILD)/libreplay.a
$(filter $(BUILD)/unit/scripts/session/%,$(UNIT_PROGRAMS)): $(LIBSESSION)
$(UNIT_PROGRAMS): $(BUILD)/unit/%: $(BUILD)/tests/unit/%.o
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS) -lcmocka

# What makes calls fail, or signals come late, see there; it stands between a program and the libraries, so it is built
# like neither.
$(BUILD)/faults/%.so: tests/faults/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=c17 -pthread -O1 -g -fPIC -shared $(WARNINGS) $(INCLUDES) -o $@ $< -ldl

failing-calls: all $(BUILD)/faults/shim.so
	tests/faults/failing-calls --limit $(or $(LIMIT),0) $(if $(SEED),--seed $(SEED))

# The same with sanitizers, for memory that is lacking: it must not be leaked either.
failing-calls-asan: all asan $(BUILD)/faults/shim.so
	tests/faults/failing-calls --asan --bin $(BUILD)/asan/bin --calls malloc PQexec PQputCopyData write read \
		--limit $(or $(LIMIT),100) $(if $(SEED),--seed $(SEED))

kills: all
	tests/faults/kills --count $(or $(COUNT),200) $(if $(SEED),--seed $(SEED))
	tests/faults/kills --replacements --count $(or $(COUNT),200) $(if $(SEED),--seed $(SEED))

random: all
	tests/random/run --keep-going --rounds $(ROUNDS) --seed $(or $(SEED),1)

unit-tests-build: $(UNIT_PROGRAMS)

# Each is a target of its own, so that -j runs several (with -O what each says stays together).
unit-tests: $(addprefix run-,$(UNIT_TESTS))

$(addprefix run-,$(UNIT_TESTS)): run-%: $(BUILD)/unit/%
	@$<

mutations: $(BUILD)/unit/common/dump/test_reader_mutations
	MUTATIONS_SHARE=1 $<

# The targets with their corpora, without libFuzzer.
$(BUILD)/fuzz-replay/%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(LIBEXPORT)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

fuzz-replay-build: $(addprefix $(BUILD)/fuzz-replay/,$(FUZZ_TARGETS))

fuzz-replay: $(addprefix replay-,$(FUZZ_TARGETS))

$(addprefix replay-,$(FUZZ_TARGETS)): replay-%: $(BUILD)/fuzz-replay/%
	@$< tests/fuzz/corpus/$*

# With libFuzzer: always by way of `fuzz`, which sets compiler and flags.
$(BUILD)/targets/%: $(BUILD)/tests/fuzz/fuzz_%.o $(LIBEXPORT)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o %.a,$^) $(LIBS)

fuzz-run: $(addprefix $(BUILD)/targets/,$(FUZZ_TARGETS))
	@mkdir -p $(BUILD)/finds; failed=; for target in $(FUZZ_TARGETS); do \
		echo "== $$target, $(SECONDS) s"; \
		mkdir -p $(BUILD)/corpus/$$target; \
		$(BUILD)/targets/$$target -max_total_time=$(SECONDS) -max_len=16384 -rss_limit_mb=4096 -timeout=20 \
			-dict=tests/fuzz/json.dict -print_final_stats=1 -artifact_prefix=$(BUILD)/finds/$$target- \
			$(BUILD)/corpus/$$target tests/fuzz/corpus/$$target >$(BUILD)/$$target.log 2>&1 || failed="$$failed $$target"; \
		grep -aE 'DONE|number_of_executed|peak_rss|does not hold|ERROR|SUMMARY|Test unit' $(BUILD)/$$target.log; \
	done; \
	if [ -n "$$failed" ]; then echo "finds:$$failed; see $(BUILD)/finds and the logs beside it"; false; fi

fuzz: SECONDS ?= 60
fuzz:
	$(MAKE) fuzz-run SECONDS=$(SECONDS) BUILD=$(BUILD)/fuzz CC=$(CLANG) HARDENING= LINK_HARDENING= \
		CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'

test: all unit-tests fuzz-replay
	bats -r tests/programs tests/conformance --setup-suite-file tests/setup_suite.bash

ROUNDS ?= 20

test-writers: all
	KV_WRITER_ROUNDS=$(ROUNDS) bats --print-output-on-failure --filter 'acknowledged write' \
		tests/programs/migrate/concurrency.bats

test-golang-migrate: all
	GOLANG_MIGRATE=$$(scripts/install-deps --golang-migrate) && export GOLANG_MIGRATE && \
		bats --print-output-on-failure tests/long/golang_migrate.bats

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)/migrations
	install -m 755 $(addprefix $(BIN)/,$(PROGRAMS)) $(DESTDIR)$(BINDIR)
	for script in kv-migrate kv-replay; do \
		$(call with_places,$(call relative,$(BINDIR),$(LIBEXECDIR)),$(call relative,$(BINDIR),$(DATADIR))) \
			scripts/$$script >$(DESTDIR)$(BINDIR)/$$script || exit; done
	install -m 755 $(BIN)/kv-migrate-session $(BIN)/kv-replay-session $(DESTDIR)$(LIBEXECDIR)
	install -m 644 scripts/migrations/*.up.sql $(DESTDIR)$(DATADIR)/migrations
	install -m 644 common/dump/FORMAT.md scripts/UPGRADING.md $(DESTDIR)$(DATADIR)
	install -d $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5
	install -m 644 $(filter %.1,$(MANUALS)) $(DESTDIR)$(MANDIR)/man1
	install -m 644 $(filter %.5,$(MANUALS)) $(DESTDIR)$(MANDIR)/man5
	install -d $(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(ZSHCOMPDIR)
	install -m 644 $(BUILD)/completion/kv-migrate.bash $(DESTDIR)$(BASHCOMPDIR)/kv-migrate
	ln -sf kv-migrate $(DESTDIR)$(BASHCOMPDIR)/kv-export
	ln -sf kv-migrate $(DESTDIR)$(BASHCOMPDIR)/kv-import
	ln -sf kv-migrate $(DESTDIR)$(BASHCOMPDIR)/kv-replay
	install -m 644 $(BUILD)/completion/_kv-migrate $(DESTDIR)$(ZSHCOMPDIR)

uninstall:
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,$(PROGRAMS))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man1/,$(notdir $(filter %.1,$(MANUALS))))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(filter %.5,$(MANUALS))))
	rm -f $(addprefix $(DESTDIR)$(BASHCOMPDIR)/,$(PROGRAMS)) $(DESTDIR)$(ZSHCOMPDIR)/_kv-migrate
	rm -f $(addprefix $(DESTDIR)$(LIBEXECDIR)/,kv-migrate-session kv-replay-session) $(addprefix $(DESTDIR)$(DATADIR)/,FORMAT.md UPGRADING.md)
	rm -f $(addprefix $(DESTDIR)$(DATADIR)/migrations/,$(notdir $(wildcard scripts/migrations/*.up.sql)))
	for folder in $(LIBEXECDIR) $(DATADIR)/migrations $(DATADIR); do \
		rmdir $(DESTDIR)$$folder 2>/dev/null || test ! -d $(DESTDIR)$$folder || \
			echo "not empty, and left: $(DESTDIR)$$folder"; done

SHELL_SCRIPTS := $(shell grep -lsE '^\#!.*(bash|sh)$$' .ci/run scripts/* scripts/dev/* tests/faults/* tests/random/*) \
	$(wildcard scripts/dev/*.sh tests/*.bash tests/lib/*.bash) \
	scripts/completion/generate scripts/completion/functions.bash
C_FILES := $(SOURCES) $(HEADERS) $(shell find tests/unit -name '*.[ch]') $(wildcard tests/fuzz/*.[ch] tests/faults/*.c)

lint: lint-texts lint-scripts lint-tests lint-cppcheck lint-gcc lint-clang

lint-texts: $(BUILD)/completion/_kv-migrate
	clang-format --dry-run -Werror $(C_FILES)
	mandoc -T lint -W warning $(MANUALS)
	shfmt -i 4 -ci -d $(SHELL_SCRIPTS)
	zsh -n $<

# The functions for bash are checked behind what is made for them.
lint-scripts: $(BUILD)/completion/kv-migrate.bash
	shellcheck -x $(filter-out %/functions.bash,$(SHELL_SCRIPTS)) $<

lint-tests:
	shellcheck -x -s bats $(sort $(shell find tests -name '*.bats'))

lint-cppcheck:
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppress=missingIncludeSystem -I. $(DEFINES) $(SOURCES)

# In folders of their own: the usual build may hold objects that had warnings.
lint-gcc:
	$(MAKE) all WERROR=-Werror BUILD=$(BUILD)/lint-gcc BIN=$(BUILD)/lint-gcc/bin CC=gcc

lint-clang:
	$(MAKE) all WERROR=-Werror BUILD=$(BUILD)/lint-clang BIN=$(BUILD)/lint-clang/bin CC=$(CLANG)

asan:
	$(MAKE) all unit-tests-build unit-tests fuzz-replay BUILD=$(BUILD)/asan BIN=$(BUILD)/asan/bin HARDENING= LINK_HARDENING= \
		CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'

coverage:
	scripts/dev/coverage

test-matrix:
	FILES='$(FILES)' scripts/dev/test-matrix $(VERSIONS)

valgrind: all
	bats --print-output-on-failure tests/programs/common/valgrind.bats

ARCHIVE := $(BUILD)/kv-migrate-$(VERSION).tar.xz

dist:
	@mkdir -p $(BUILD)
	git archive --prefix=kv-migrate-$(VERSION)/ HEAD | xz >$(ARCHIVE)

deb: dist
	scripts/dev/deb $(VERSION) $(ARCHIVE) $(BUILD)/deb
	lintian --fail-on error --allow-root $(BUILD)/deb/*.changes

test-deb: deb
	scripts/dev/test-deb $(BUILD)/deb/lakefs-kv-migrate_$(VERSION)-1_*.deb

IMAGE := $(BUILD)/kv-migrate-$(VERSION).oci.tar

image: deb
	scripts/dev/image $(VERSION) $(BUILD)/deb/lakefs-kv-migrate_$(VERSION)-1_*.deb $(IMAGE) $(APT_SOURCES)

test-image: image
	scripts/dev/test-image $(IMAGE) $(VERSION)

format:
	clang-format -i $(C_FILES)
	shfmt -i 4 -ci -w $(SHELL_SCRIPTS)

clean:
	rm -rf $(BUILD) $(BIN)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
