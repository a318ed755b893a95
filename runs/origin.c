#include "runs/origin.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gnu/libc-version.h>

#include "base/sha256.h"
#include "config.h"

enum { PIECE = 64 << 10, LINE = 512 };

const char *origin_program(void)
{
	return PACKAGE_NAME " " PACKAGE_VERSION;
}

enum { BUILD_LETTERS = 12 };

/* An object of the process: the program itself, or the one that has an address. */
struct object {
	uintptr_t address; /* 0: the program */
	bool is_program;
	const char *path;
	char hex[65];      /* the linker's hash of all that is in it; "": it has none */
};

static bool has_address(const struct dl_phdr_info *info, uintptr_t address)
{
	bool any = false;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		any |= p->p_type == PT_LOAD && address >= info->dlpi_addr + p->p_vaddr && address - info->dlpi_addr - p->p_vaddr < p->p_memsz;
	}
	return any;
}

static void read_build(const struct dl_phdr_info *info, char *hex)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const unsigned char *at = (const unsigned char *)(uintptr_t)(info->dlpi_addr + p->p_vaddr), *end = at + p->p_memsz;
		while (p->p_type == PT_NOTE && end - at >= (long)sizeof(ElfW(Nhdr))) {
			ElfW(Nhdr) note;
			memcpy(&note, at, sizeof note);
			const unsigned char *name = at + sizeof note, *what = name + ((note.n_namesz + 3u) & ~3u);
			if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !memcmp(name, "GNU", 4) && note.n_descsz >= BUILD_LETTERS / 2)
				for (int k = 0; k < BUILD_LETTERS / 2; k++)
					snprintf(hex + 2 * k, 3, "%02x", what[k]);
			at = what + ((note.n_descsz + 3u) & ~3u);
		}
	}
}

static int find_object(struct dl_phdr_info *info, size_t size, void *own)
{
	struct object *o = own;
	const bool first = !o->path; /* the first object is the program itself */
	(void)size;
	o->path = *info->dlpi_name ? info->dlpi_name : "/proc/self/exe";
	if (o->address && !has_address(info, o->address))
		return 0;
	o->is_program = first;
	read_build(info, o->hex);
	return 1;
}

/* Adds ", WORD HASH" of the object; nothing where that can't be read, or where it is the program and another was asked for. */
static void add_build(char *text, size_t room, const char *word, const void *address)
{
	struct object o = {.address = (uintptr_t)address};
	const size_t n = strlen(text);
	if (!dl_iterate_phdr(find_object, &o) || (address && o.is_program))
		return;
	if (*o.hex || origin_file_hash(o.path, o.hex, NULL) == OK)
		snprintf(text + n, room - n, ", %s %.*s", word, BUILD_LETTERS, o.hex);
}

const char *origin_build(const void *backend)
{
	static char program[128], whole[192];
	if (!*program) {
		snprintf(program, sizeof program, "%s", origin_program());
		add_build(program, sizeof program, "build", NULL);
	}
	memcpy(whole, program, sizeof program);
	if (backend)
		add_build(whole, sizeof whole, "module", backend);
	return whole;
}

/* The first "model name" of /proc/cpuinfo, without runs of spaces. */
static void add_processor(struct str *s)
{
	char line[LINE], *at = NULL;
	FILE *f = fopen("/proc/cpuinfo", "r");
	while (f && !at && fgets(line, sizeof line, f))
		if (str_starts(line, "model name"))
			at = strchr(line, ':');
	if (f)
		fclose(f);
	const size_t before = s->len;
	for (char *word = at ? at + 1 : NULL; word && *(word += strspn(word, " \t\n"));) {
		const size_t n = strcspn(word, " \t\n");
		str_add(s, s->len > before ? " " : "");
		str_addn(s, word, n);
		word += n;
	}
	if (s->len == before)
		str_add(s, "unknown processor");
}

/* What the C library picks its mathematics by, and the compiler's clones. */
static const char *vector_level(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f"))
		return "avx512";
	if (__builtin_cpu_supports("avx2"))
		return __builtin_cpu_supports("fma") ? "avx2+fma" : "avx2";
	if (__builtin_cpu_supports("avx"))
		return "avx";
	return "sse2";
#else
	return "generic";
#endif
}

/* oneDNN cuts its work by the caches' sizes, which sets the order of its sums. */
static void add_caches(struct str *s)
{
	const long l1 = sysconf(_SC_LEVEL1_DCACHE_SIZE), l2 = sysconf(_SC_LEVEL2_CACHE_SIZE),
	           l3 = sysconf(_SC_LEVEL3_CACHE_SIZE);
	str_printf(s, ", caches %ld/%ld/%ld KiB", l1 > 0 ? l1 >> 10 : 0, l2 > 0 ? l2 >> 10 : 0,
	           l3 > 0 ? l3 >> 10 : 0);
}

void origin_machine(struct str *s, int threads, const char *engine)
{
	add_processor(s);
	str_printf(s, ", %s", vector_level());
	add_caches(s);
	str_printf(s, "; %s; glibc %s; %d thread%s", engine && *engine ? engine : "no library",
	           gnu_get_libc_version(), threads, threads == 1 ? "" : "s");
}

enum status origin_file_hash(const char *path, char hex[65], struct err *e)
{
	hex[0] = 0;
	FILE *f = fopen(path, "re");
	if (!f)
		return err_env(e, "open '%s': %s", path, strerror(errno));
	static _Thread_local unsigned char piece[PIECE];
	struct sha256 *sum = sha256_open();
	size_t n;
	errno = 0;
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		sha256_add(sum, piece, n);
	const int failed = ferror(f) ? (errno ? errno : EIO) : 0;
	fclose(f);
	sha256_hex(sum, hex);
	if (!failed)
		return OK;
	hex[0] = 0;
	return err_env(e, "read '%s': %s", path, strerror(failed));
}
