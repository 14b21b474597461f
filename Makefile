# The build of kv-export, kv-import and kv-migrate.  Everything that is made lies in build/ and bin/.
#
#   make            the programs, in bin/
#   make install    PREFIX (/usr/local), DESTDIR
#   make test       all tests (scripts/test installs what they need first)
#   make lint       formatting, manuals, cppcheck, shellcheck, both compilers' warnings as errors
#   make asan       the programs with AddressSanitizer and UBSan, in build/asan/bin; runs the unit tests so
#   make dist       the source archive of the last commit, build/kv-migrate-VERSION.tar.xz
#   make deb        the Debian package, in build/deb; lintian looks at it
#   make test-deb   installs the package in a new Debian, and migrates there (some minutes, as root)
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

LIBRARIES := libpq libzstd jansson libprotobuf-c libcrypto libxxhash zlib
# Counted from the migrations folder, so that it is written down nowhere.
LAST_SCHEMA_VERSION := $(shell ls scripts/migrations | sed -n 's/^0*\([0-9]*\)_.*\.up\.sql$$/\1/p' | sort -n | tail -n 1)
VERSION := $(shell sed -n 's/^.define PROGRAM_VERSION "\(.*\)"/\1/p' common/cli/version.h)

WARNINGS := -Wall -Wextra -Werror -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Wundef
HARDENING ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LINK_HARDENING ?= -pie -Wl,-z,relro,-z,now
CFLAGS ?= -O2 -g
DEFINES := -D_DEFAULT_SOURCE -DLAST_SCHEMA_VERSION=$(LAST_SCHEMA_VERSION)
INCLUDES := -I. -isystem $(BUILD)/proto $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I $(LIBRARIES)))
ALL_CFLAGS := -std=c17 -pthread $(CPPFLAGS) $(CFLAGS) $(HARDENING) $(DEFINES) $(INCLUDES)
ALL_LDFLAGS := -pthread $(LDFLAGS) $(LINK_HARDENING)
LIBS := $(shell pkg-config --libs $(LIBRARIES)) -lunistring

PROTOS := $(wildcard common/kv/*.proto)
PROTO_SOURCES := $(patsubst common/kv/%.proto,$(BUILD)/proto/%.pb-c.c,$(PROTOS))
PROTO_HEADERS := $(PROTO_SOURCES:.c=.h)
COMMON_SOURCES := $(wildcard common/*/*.c)
EXPORT_SOURCES := $(wildcard export/*.c export/*/*.c)
IMPORT_SOURCES := $(wildcard import/*.c)
HELPER_SOURCES := $(wildcard scripts/helper/*.c)
SOURCES := $(COMMON_SOURCES) $(EXPORT_SOURCES) $(IMPORT_SOURCES) $(HELPER_SOURCES)
HEADERS := $(wildcard common/*/*.h export/*.h export/*/*.h import/*.h)
PROGRAMS := kv-export kv-import kv-migrate
MANUALS := export/kv-export.1 import/kv-import.1 scripts/kv-migrate.1 common/dump/kv-dump.5
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))

object = $(patsubst %.c,$(BUILD)/%.o,$(1))
COMMON_OBJECTS := $(call object,$(COMMON_SOURCES)) $(PROTO_SOURCES:.c=.o)
EXPORT_OBJECTS := $(call object,$(EXPORT_SOURCES))
IMPORT_OBJECTS := $(call object,$(IMPORT_SOURCES))
HELPER_OBJECTS := $(call object,$(HELPER_SOURCES))

.PHONY: all install uninstall test unit-tests unit-tests-build lint asan dist deb test-deb format clean
.DELETE_ON_ERROR:

all: $(BIN)/kv-export $(BIN)/kv-import $(BIN)/kv-migrate-helper $(BIN)/kv-migrate

$(BUILD)/libcommon.a: $(COMMON_OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^

$(BIN)/kv-export: $(EXPORT_OBJECTS) $(BUILD)/libcommon.a
$(BIN)/kv-import: $(IMPORT_OBJECTS) $(BUILD)/libcommon.a
$(BIN)/kv-migrate-helper: $(HELPER_OBJECTS) $(BUILD)/libcommon.a
$(BIN)/kv-export $(BIN)/kv-import $(BIN)/kv-migrate-helper:
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BIN)/kv-migrate: scripts/kv-migrate
	@mkdir -p $(@D)
	install -m 755 $< $@

$(BUILD)/proto/%.pb-c.c $(BUILD)/proto/%.pb-c.h: common/kv/%.proto
	@mkdir -p $(@D)
	protoc-c --c_out=$(BUILD)/proto --proto_path=common/kv $<

# The generated code is not ours to mend: no warnings.
$(BUILD)/proto/%.o: $(BUILD)/proto/%.c
	$(CC) $(ALL_CFLAGS) -w -MMD -MP -c -o $@ $<

# The number of migrations is in the flags, so their folder is a dependency.
$(BUILD)/%.o: %.c Makefile scripts/migrations | $(PROTO_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(WARNINGS) -MMD -MP -c -o $@ $<

# Unit tests link what both programs are made of, their main.c aside.
$(BUILD)/unit/%: tests/unit/%.c $(filter-out %/main.o,$(EXPORT_OBJECTS) $(IMPORT_OBJECTS)) $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(WARNINGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $^ $(LIBS) -lcmocka

unit-tests-build: $(addprefix $(BUILD)/unit/,$(UNIT_TESTS))

unit-tests: unit-tests-build
	@set -e; for test in $(UNIT_TESTS); do $(BUILD)/unit/$$test; done

test: all unit-tests
	bats tests

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)/migrations
	install -m 755 $(addprefix $(BIN)/,$(PROGRAMS)) $(DESTDIR)$(BINDIR)
	install -m 755 $(BIN)/kv-migrate-helper $(DESTDIR)$(LIBEXECDIR)
	install -d $(DESTDIR)$(LIBEXECDIR)/driver
	install -m 644 scripts/driver/*.sh $(DESTDIR)$(LIBEXECDIR)/driver
	install -m 644 scripts/migrations/*.up.sql $(DESTDIR)$(DATADIR)/migrations
	install -m 644 common/dump/FORMAT.md $(DESTDIR)$(DATADIR)
	install -d $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5
	install -m 644 $(filter %.1,$(MANUALS)) $(DESTDIR)$(MANDIR)/man1
	install -m 644 $(filter %.5,$(MANUALS)) $(DESTDIR)$(MANDIR)/man5
	install -d $(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(ZSHCOMPDIR)
	install -m 644 scripts/completion/kv-migrate.bash $(DESTDIR)$(BASHCOMPDIR)/kv-migrate
	ln -sf kv-migrate $(DESTDIR)$(BASHCOMPDIR)/kv-export
	ln -sf kv-migrate $(DESTDIR)$(BASHCOMPDIR)/kv-import
	install -m 644 scripts/completion/_kv-migrate $(DESTDIR)$(ZSHCOMPDIR)

uninstall:
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,$(PROGRAMS))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man1/,$(notdir $(filter %.1,$(MANUALS))))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(filter %.5,$(MANUALS))))
	rm -f $(addprefix $(DESTDIR)$(BASHCOMPDIR)/,$(PROGRAMS)) $(DESTDIR)$(ZSHCOMPDIR)/_kv-migrate
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)

SHELL_SCRIPTS := $(shell grep -lsE '^\#!.*(bash|sh)$$' .ci/run scripts/* tests/*) \
	$(wildcard scripts/lib/*.sh scripts/driver/*.sh tests/*.bash tests/lib/*.bash) \
	scripts/completion/kv-migrate.bash
C_FILES := $(SOURCES) $(HEADERS) $(wildcard tests/unit/*.[ch] tests/fuzz/*.c)

lint:
	clang-format --dry-run -Werror $(C_FILES)
	mandoc -T lint -W warning $(MANUALS)
	shfmt -i 4 -ci -d $(SHELL_SCRIPTS)
	shellcheck -x $(SHELL_SCRIPTS)
	shellcheck -x -s bats $(wildcard tests/*.bats)
	zsh -n scripts/completion/_kv-migrate
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppress=missingIncludeSystem -I. $(DEFINES) $(SOURCES)
	$(MAKE) all BUILD=$(BUILD)/lint-gcc BIN=$(BUILD)/lint-gcc/bin CC=gcc
	$(MAKE) all BUILD=$(BUILD)/lint-clang BIN=$(BUILD)/lint-clang/bin CC=$(CLANG)

asan:
	$(MAKE) all unit-tests-build unit-tests BUILD=$(BUILD)/asan BIN=$(BUILD)/asan/bin HARDENING= LINK_HARDENING= \
		CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'

ARCHIVE := $(BUILD)/kv-migrate-$(VERSION).tar.xz

dist:
	@mkdir -p $(BUILD)
	git archive --prefix=kv-migrate-$(VERSION)/ HEAD | xz >$(ARCHIVE)

deb: dist
	scripts/deb $(VERSION) $(ARCHIVE) $(BUILD)/deb
	lintian --fail-on error --allow-root $(BUILD)/deb/*.changes

test-deb: deb
	scripts/test-deb $(BUILD)/deb/lakefs-kv-migrate_$(VERSION)-1_*.deb

format:
	clang-format -i $(C_FILES)
	shfmt -i 4 -ci -w $(SHELL_SCRIPTS)

clean:
	rm -rf $(BUILD) $(BIN)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
