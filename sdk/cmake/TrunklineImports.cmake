# What a connector may import, and what never. Read by the gate behind the linker and by the conformance kit.

# Parts of libstdc++ whose names are allowed by prefix below, but that start threads, open files, read clocks or change
# the process. Patterns.
set(TRUNKLINE_FORBIDDEN_IMPORTS
  "^_ZNSt6thread" "^_ZNSt7jthread" "^_ZNSt13__future_base" "__once_proxy" "18condition_variable" "22condition_variable"
  "filebuf" "fstream" "__basic_file" "filesystem" "^_ZNSt6locale6global" "^_ZNSt8ios_base4InitC" "random_device"
  "^_ZNSt6chrono3_V2" "set_default_resource" "set_terminate" "set_unexpected" "set_new_handler" "^_ZSt4cout$"
  "^_ZSt4cerr$" "^_ZSt4clog$" "^_ZSt3cin$")

# The C++ runtime and the unwinder. Patterns.
set(TRUNKLINE_ALLOWED_IMPORTS
  "^_ZN?K?S[A-Za-z]" "^_ZN?K?S[0-9]?t" "^_ZT[ISV]N?K?S" "^_ZT[ISV]N10__cxxabiv1" "^_ZTI[a-z]$" "^_ZTIP" "^_ZTIDn$"
  "^_ZN10__cxxabiv1" "^_ZN9__gnu_cxx" "^_ZNK9__gnu_cxx" "^_Z[nd][wal][A-Za-z]" "^_Unwind_"
  "^__[a-z]*div[a-z]*[0-9]$" "^__[a-z]*mod[a-z]*[0-9]$" "^__mul[a-z]*[0-9]$" "^__popcount" "^__fix" "^__float" "^__extend"
  "^__trunc")

# The C library, as far as it neither does I/O nor keeps or changes state of the process. __cxa_thread_atexit is not
# here: it is the trace of a thread_local with a destructor, and such a library stays mapped for ever.
set(TRUNKLINE_ALLOWED_NAMES
  memcpy memmove memset memcmp memchr memrchr memmem bcmp __memcpy_chk __memmove_chk __memset_chk
  strlen strnlen strcmp strncmp strchr strrchr strstr strspn strcspn strpbrk strcoll strxfrm strcpy strncpy __strcpy_chk
  strtol strtoll strtoul strtoull strtod strtof strtold strtod_l strtof_l strtold_l strerror_r
  snprintf vsnprintf __snprintf_chk __vsnprintf_chk wmemcpy wmemmove wmemset wmemcmp wmemchr wcslen
  isalnum isalpha isdigit islower isupper isspace isxdigit ispunct tolower toupper
  __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc __errno_location
  malloc free calloc realloc aligned_alloc posix_memalign abort __assert_fail __stack_chk_fail qsort bsearch
  exp exp2 expm1 log log2 log10 log1p pow sqrt cbrt sin cos tan asin acos atan atan2 fmod remainder floor ceil round
  trunc lround llround rint nearbyint ldexp frexp modf hypot fmin fmax fma
  expf exp2f logf log2f log10f powf sqrtf sinf cosf tanf fmodf floorf ceilf roundf truncf fminf fmaxf
  __tls_get_addr __gmon_start__ _ITM_registerTMCloneTable _ITM_deregisterTMCloneTable
  __cxa_finalize __cxa_atexit __cxa_allocate_exception __cxa_free_exception __cxa_init_primary_exception __cxa_throw
  __cxa_rethrow __cxa_begin_catch __cxa_end_catch __cxa_get_exception_ptr __cxa_pure_virtual __cxa_deleted_virtual
  __cxa_guard_acquire __cxa_guard_release __cxa_guard_abort __cxa_bad_cast __cxa_bad_typeid
  __cxa_throw_bad_array_new_length __cxa_throw_bad_array_length __cxa_call_unexpected __cxa_call_terminate
  __dynamic_cast __gxx_personality_v0 __gcc_personality_v0 __libc_single_threaded
  pthread_mutex_lock pthread_mutex_unlock)

# What the sanitizers add. Patterns.
set(TRUNKLINE_SANITIZER_IMPORTS "^___?[atlu]s?b?san_" "^__ubsan_" "^__sanitizer_" "^__interceptor_")
