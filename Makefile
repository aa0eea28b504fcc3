# SPDX-License-Identifier: GPL-2.0-only
# make            build build/pagetide
# make run        install what is missing, build, start `pagetide top`
# make test       install what is missing, build, run every test
# make bench      measure speed and memory beside the peers; writes build/bench.txt
# make static     one static binary, build/static/pagetide; ARCH=arm64 makes build/arm64/static/pagetide
# make install    to $(DESTDIR)$(PREFIX); make uninstall takes it away
# make soak       the differential tests with many more seeds
# make lint       clang-format, clang-tidy, cppcheck
# make clean

VERSION := 0.1.0
PREFIX ?= /usr/local
UNITS ?= $(PREFIX)/lib/systemd/system
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PYTHON ?= /usr/bin/python3
DYGRAPHS ?= /usr/share/javascript/dygraphs
HOST_ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
ARCH := $(HOST_ARCH)

BUILD := build
ifneq ($(ARCH),$(HOST_ARCH))
ifneq ($(ARCH),arm64)
$(error ARCH is $(HOST_ARCH), this machine's own, or arm64)
endif
BUILD := build/$(ARCH)
SYSROOT ?= $(shell $(PYTHON) tools/kernels/sysroot --arch $(ARCH) --path)
CC := aarch64-linux-gnu-gcc --sysroot=$(SYSROOT)
endif
WARN := -Wall -Wextra -Wconversion -Wshadow -Werror
CPPFLAGS += -D_GNU_SOURCE -DPAGETIDE_VERSION='"$(VERSION)"' -Iinclude -Iuser -isystem $(BUILD)
CFLAGS ?= -O2 -g
CFLAGS_ALL = -std=gnu11 $(CFLAGS) $(WARN) -MMD -MP
# every library of its own costs each process that maps it a third of a MiB: only libc stays outside, and
# libmicrohttpd, which serve loads (user/http_library.h)
LIBS := -lbpf -lelf -lz -lncursesw -ltinfo -ljansson -lyaml -lcrypt -lnettle -lcap-ng -lm
LIBS_INSIDE := -Wl,-Bstatic $(LIBS) -Wl,-Bdynamic
BPF_CPU := v2
BPF_CFLAGS = -O2 -g -target bpf -mcpu=$(BPF_CPU) -D__TARGET_ARCH_$(ARCH) -Wall -Werror -Ivmlinux -Iinclude -Ibpf -MMD -MP

# package:file that it brings; the build needs the first list, the tests and the bench the others
NEED_BUILD := gcc:/usr/bin/gcc clang:/usr/bin/clang llvm:/usr/bin/llvm-strip \
	bpftool:/usr/sbin/bpftool libbpf-dev:/usr/include/bpf/libbpf.h \
	libelf-dev:/usr/include/libelf.h zlib1g-dev:/usr/include/zlib.h \
	libncurses-dev:/usr/include/ncursesw/curses.h libjansson-dev:/usr/include/jansson.h \
	uthash-dev:/usr/include/uthash.h libmicrohttpd-dev:/usr/include/microhttpd.h \
	libcap-ng-dev:/usr/include/cap-ng.h libgnutls28-dev:/usr/include/gnutls/gnutls.h \
	libyaml-dev:/usr/include/yaml.h libcrypt-dev:/usr/include/crypt.h nettle-dev:/usr/include/nettle/hmac.h \
	libjs-dygraphs:$(DYGRAPHS)/dygraph.min.js
NEED_TEST = libcmocka-dev:/usr/include/cmocka.h python3:/usr/bin/python3 tmux:/usr/bin/tmux \
	cppcheck:/usr/bin/cppcheck clang-tidy:/usr/bin/clang-tidy clang-format:/usr/bin/clang-format \
	mandoc:/usr/bin/mandoc shellcheck:/usr/bin/shellcheck pyflakes3:/usr/bin/pyflakes3 \
	e2fsprogs:/sbin/mke2fs btrfs-progs:/usr/bin/btrfs \
	python3-numpy:/usr/lib/python3/dist-packages/numpy \
	python3-joblib:/usr/lib/python3/dist-packages/joblib \
	prometheus:/usr/bin/promtool runc:/usr/sbin/runc crun:/usr/bin/crun podman:/usr/bin/podman uidmap:/usr/bin/newuidmap \
	busybox-static:/bin/busybox python3-kubernetes:/usr/lib/python3/dist-packages/kubernetes \
	python3-yaml:/usr/lib/python3/dist-packages/yaml curl:/usr/bin/curl openssl:/usr/bin/openssl \
	libclang-rt-$(LLVM)-dev:/usr/lib/llvm-$(LLVM)/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a
LLVM = $(shell readlink -f /usr/bin/clang | sed -n 's,.*/llvm-\([0-9]*\)/.*,\1,p')
# for other kernels, arm64, the page and one scenario; what cannot be had is skipped, and said
NEED_VM := python3-xgboost:/usr/lib/python3/dist-packages/xgboost chromium:/usr/bin/chromium \
	qemu-system-x86:/usr/bin/qemu-system-x86_64 qemu-system-arm:/usr/bin/qemu-system-aarch64 \
	busybox-static:/bin/busybox cpio:/usr/bin/cpio lz4:/usr/bin/lz4 zstd:/usr/bin/zstd \
	binutils:/usr/bin/readelf gcc-aarch64-linux-gnu:/usr/bin/aarch64-linux-gnu-gcc
NEED_CROSS := gcc-aarch64-linux-gnu:/usr/bin/aarch64-linux-gnu-gcc
NEED_BENCH := bpftrace:/usr/bin/bpftrace smem:/usr/bin/smem python3:/usr/bin/python3 \
	prometheus-process-exporter:/usr/bin/prometheus-process-exporter
missing = $(foreach p,$(1),$(if $(wildcard $(word 2,$(subst :, ,$(p)))),,$(word 1,$(subst :, ,$(p)))))

BPF_SRC := $(wildcard bpf/*.bpf.c)
BPF_OBJ := $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/bpf/%.o)
SRC := $(wildcard user/*.c)
OBJ := $(SRC:user/%.c=$(BUILD)/user/%.o) $(BUILD)/web/files.o
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))

.PHONY: all bpf check-sysroot run test bench static install uninstall soak lint clean check-build install-build \
	install-test install-vm install-bench arm64 kernels unit helpers test-kernels
.DELETE_ON_ERROR:

all: check-build $(BUILD)/pagetide

ifneq ($(ARCH),$(HOST_ARCH))
NEED_BUILD += $(NEED_CROSS)
check-build: check-sysroot
endif

check-sysroot:
	@test -d $(SYSROOT) || { echo "pagetide: no libraries for $(ARCH) in $(SYSROOT)" >&2; \
		echo "pagetide: fetch them with: tools/kernels/sysroot --arch $(ARCH)" >&2; exit 1; }

check-build:
	@missing="$(strip $(call missing,$(NEED_BUILD)))"; if [ -n "$$missing" ]; then \
		echo "pagetide: the build needs packages that are not installed: $$missing" >&2; \
		echo "pagetide: install them with: apt-get install $$missing" >&2; exit 1; fi

# what is installed for a test leaves no daemon behind
no_daemons = for package in $$missing; do case $$package in prometheus*|podman) \
	for unit in $$package $$package.socket; do systemctl disable --now $$unit || service $$unit stop; done;; \
	esac; done </dev/null >/dev/null 2>&1 || true

# list, log, what to do if they cannot be had
define apt_install
	@missing="$(strip $(call missing,$(1)))"; if [ -n "$$missing" ]; then \
		echo "installing $$missing"; \
		{ apt-get install -y -qq --no-install-recommends $$missing || \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing; }; } \
		</dev/null >$(2) 2>&1 || { cat $(2); echo "pagetide: cannot install $$missing" >&2; $(3); }; \
		$(no_daemons); fi
endef
each_alone = for package in $$missing; do \
	apt-get install -y -qq --no-install-recommends $$package </dev/null >>$(BUILD)/apt-vm.log 2>&1 || \
	echo "pagetide: no $$package: the tests that need it are skipped" >&2; done

export DEBIAN_FRONTEND = noninteractive
install-build:
	@mkdir -p $(BUILD)
	$(call apt_install,$(NEED_BUILD),$(BUILD)/apt-build.log,exit 1)
install-test: install-build
	$(call apt_install,$(NEED_TEST),$(BUILD)/apt-test.log,exit 1)
install-vm: install-test
	$(call apt_install,$(NEED_VM),$(BUILD)/apt-vm.log,$(each_alone))
install-bench: install-build
	$(call apt_install,$(NEED_BENCH),$(BUILD)/apt-bench.log,exit 1)

$(BUILD)/bpf/%.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# the verifiers of 5.10 and 6.1 lose bounds in 32-bit registers; they never see these programs
$(BUILD)/bpf/cast.o: BPF_CPU := v3

bpf: $(BUILD)/pagetide.bpf.o
# the maps' definitions come first: bpftool 7.1 misplaces maps that it met as extern before
$(BUILD)/pagetide.bpf.o: $(BPF_OBJ)
	$(BPFTOOL) gen object $@ $(BUILD)/bpf/maps.o $(filter-out %/maps.o,$^)

$(BUILD)/pagetide.skel.h: $(BUILD)/pagetide.bpf.o
	$(BPFTOOL) gen skeleton $< name pagetide_bpf > $@

$(BUILD)/user/%.o: user/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -c $< -o $@
$(filter $(BUILD)/user/tracer%.o,$(OBJ)): $(BUILD)/pagetide.skel.h

# the page's files; a comment at the end of dygraphs names a file that is not served, and its licence goes with it
$(BUILD)/web/dygraph.js: $(DYGRAPHS)/dygraph.min.js web/dygraphs-licence.txt
	@mkdir -p $(@D)
	{ echo '/*!'; cat web/dygraphs-licence.txt; echo '*/'; sed 's,^//# sourceMappingURL=.*,,' $<; } > $@
$(BUILD)/web/dygraph.css: $(DYGRAPHS)/dygraph.min.css
	@mkdir -p $(@D)
	sed 's,/\*# sourceMappingURL=.*\*/,,' $< > $@
$(BUILD)/web/files.o: web/files.S web/index.html web/page.css web/page.js web/plots.js $(BUILD)/web/dygraph.js \
	$(BUILD)/web/dygraph.css
	$(CC) -Wa,-Iweb,-I$(BUILD)/web -c $< -o $@

$(BUILD)/pagetide: $(OBJ)
	$(CC) $(LDFLAGS) $^ $(LIBS_INSIDE) -o $@

# Debian has no static p11-kit, so no static GnuTLS, which its static libmicrohttpd refers to
static: check-build $(BUILD)/static/pagetide
$(BUILD)/static/pagetide: $(filter-out %/http_library.o,$(OBJ)) $(BUILD)/static/http_library.o tools/static/no_gnutls.c
	$(CC) -static $(LDFLAGS) $^ -lmicrohttpd $(LIBS) -o $@

$(BUILD)/static/http_library.o: user/http_library.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DPAGETIDE_STATIC $(CFLAGS_ALL) -c $< -o $@

run: install-build
	@$(MAKE) --no-print-directory all
	$(BUILD)/pagetide top

# ---- tests ----

helpers: $(BUILD)/helpers/pageops
$(BUILD)/helpers/pageops: $(wildcard tests/helpers/*.c tests/helpers/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 -g -Wall -Wextra -Wshadow -Werror -static $(filter %.c,$^) -o $@ -lm

# a unit test names the modules that it needs in a line `// needs: a b c`
.SECONDEXPANSION:
needs = $(sort $(wildcard user/$(1:test_%=%).c) \
	$(patsubst %,user/%.c,$(shell sed -n 's,^// needs: *,,p' tests/unit/$(1).c)))
$(BUILD)/unit/%: tests/unit/%.c $$(call needs,$$*) $(wildcard tests/unit/*.h user/*.h include/*.h)
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=gnu11 -g -O1 $(WARN) -fsanitize=address,undefined \
		-fno-sanitize-recover=undefined -I. -Iinclude -Iuser $(filter %.c,$^) -o $@ \
		-lcmocka $(filter-out -lbpf -lelf -lz,$(LIBS))
unit: $(UNIT:%=$(BUILD)/unit/%)

# the programs for arm64, of which the type check wants the BPF ones and the machines the rest
arm64:
	@$(MAKE) --no-print-directory bpf ARCH=arm64
	@if command -v aarch64-linux-gnu-gcc >/dev/null && tools/kernels/sysroot --arch arm64 >/dev/null; then \
		$(MAKE) --no-print-directory static helpers ARCH=arm64; \
	else echo "pagetide: no arm64 compiler or libraries: the tests in arm64 machines are skipped" >&2; fi

# what the machines boot and the type check compares with; no network: what is cached
kernels:
	@tools/kernels/fetch || echo "pagetide: not all kernels for amd64 are there: their tests are skipped" >&2
	@tools/kernels/fetch --arch arm64 || echo "pagetide: not all kernels for arm64 are there: their tests are skipped" >&2

test: install-vm
	@$(MAKE) --no-print-directory all static unit helpers arm64 kernels
	@$(PYTHON) tests/run

soak: install-test
	@$(MAKE) --no-print-directory all helpers
	@$(PYTHON) tests/run --soak

test-kernels: install-vm
	@$(MAKE) --no-print-directory static helpers arm64 kernels
	@$(PYTHON) tests/vm/matrix.py --binary $(BUILD)/static/pagetide --helpers $(BUILD)/helpers \
		--table docs/kernels.md

bench: install-bench
	@$(MAKE) --no-print-directory all helpers
	@$(PYTHON) tools/bench/bench --output $(BUILD)/bench.txt

lint: install-test
	$(PYTHON) tests/lint

# ---- installing ----

install: all
	install -D -m 0755 $(BUILD)/pagetide $(DESTDIR)$(PREFIX)/sbin/pagetide
	install -D -m 0644 docs/pagetide.8 $(DESTDIR)$(PREFIX)/share/man/man8/pagetide.8
	mkdir -p $(DESTDIR)$(UNITS)
	sed 's,/usr/local/sbin/,$(PREFIX)/sbin/,' fleet/pagetide.service > $(DESTDIR)$(UNITS)/pagetide.service
	chmod 0644 $(DESTDIR)$(UNITS)/pagetide.service

# systemctl first: it takes away the links to the unit, and ends what runs
uninstall:
	@if [ -z "$(DESTDIR)" ] && [ -e $(UNITS)/pagetide.service ] && command -v systemctl >/dev/null; then \
		systemctl disable --now pagetide.service || true; fi
	rm -f $(DESTDIR)$(PREFIX)/sbin/pagetide $(DESTDIR)$(PREFIX)/share/man/man8/pagetide.8 \
		$(DESTDIR)$(UNITS)/pagetide.service

clean:
	rm -rf $(BUILD)

-include $(BPF_OBJ:.o=.d) $(OBJ:.o=.d)
