# cmake -DSO=<file> -DNM=<nm> [-DALLOW=a;b] [-DSANITIZE=address] -P TrunklineGate.cmake
#
# Looks at the dynamic symbols of a linked connector and deletes the file when it could not be unloaded, or could do I/O
# behind the host's back. Imports are checked against a list of what is allowed: a list of what is forbidden would miss
# std::thread, which imports no pthread_create of its own.
cmake_minimum_required(VERSION 3.25)

# Parts of libstdc++ whose names are allowed by prefix below, but that start threads, open files, read clocks or change
# the process. Patterns.
set(forbidden
  "^_ZNSt6thread" "^_ZNSt7jthread" "^_ZNSt13__future_base" "__once_proxy" "18condition_variable" "22condition_variable"
  "filebuf" "fstream" "__basic_file" "filesystem" "^_ZNSt6locale6global" "^_ZNSt8ios_base4InitC" "random_device"
  "^_ZNSt6chrono3_V2" "set_default_resource" "set_terminate" "set_unexpected" "set_new_handler" "^_ZSt4cout$"
  "^_ZSt4cerr$" "^_ZSt4clog$" "^_ZSt3cin$")

# The C++ runtime and the unwinder. Patterns.
set(allowed
  "^_ZN?K?S[A-Za-z]" "^_ZN?K?S[0-9]?t" "^_ZT[ISV]N?K?S" "^_ZT[ISV]N10__cxxabiv1" "^_ZTI[a-z]$" "^_ZTIP" "^_ZTIDn$"
  "^_ZN10__cxxabiv1" "^_ZN9__gnu_cxx" "^_ZNK9__gnu_cxx" "^_Z[nd][wal][A-Za-z]" "^_Unwind_"
  "^__[a-z]*div[a-z]*[0-9]$" "^__[a-z]*mod[a-z]*[0-9]$" "^__mul[a-z]*[0-9]$" "^__popcount" "^__fix" "^__float" "^__extend"
  "^__trunc")

# The C library, as far as it neither does I/O nor keeps or changes state of the process. __cxa_thread_atexit is not
# here: it is the trace of a thread_local with a destructor, and such a library stays mapped for ever.
set(allowed_names
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

if(SANITIZE)
  list(APPEND allowed "^___?[atlu]s?b?san_" "^__ubsan_" "^__sanitizer_" "^__interceptor_")
endif()

function(symbols result)
  execute_process(COMMAND "${NM}" -D ${ARGN} "${SO}" OUTPUT_VARIABLE text RESULT_VARIABLE code ERROR_VARIABLE error)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${SO}: nm failed: ${error}")
  endif()
  string(REPLACE ";" "" text "${text}")
  string(REGEX REPLACE "[\r\n]+" ";" lines "${text}")
  list(FILTER lines EXCLUDE REGEX "^$")
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()

set(faults "")
symbols(defined --defined-only)
set(exports "")
foreach(line IN LISTS defined)
  string(REGEX REPLACE "^.* ([A-Za-z]) ([^ @]+).*$" "\\1;\\2" parts "${line}")
  list(GET parts 0 kind)
  list(GET parts 1 name)
  if(kind STREQUAL "u")
    list(APPEND faults "has the unique symbol ${name}: the library could never be unmapped")
  elseif(NOT name STREQUAL "tl_connector_entry")
    list(APPEND faults "exports ${name}: only tl_connector_entry may be exported")
  else()
    set(exports yes)
  endif()
endforeach()
if(NOT exports)
  list(APPEND faults "does not export tl_connector_entry: is TRUNKLINE_CONNECTOR(...) missing?")
endif()

function(matches_any result name)
  foreach(pattern IN LISTS ARGN)
    if(name MATCHES "${pattern}")
      set(${result} YES PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${result} NO PARENT_SCOPE)
endfunction()

symbols(undefined --undefined-only)
foreach(line IN LISTS undefined)
  string(REGEX REPLACE "^ *[A-Za-z] ([^ @]+).*$" "\\1" name "${line}")
  if(name IN_LIST ALLOW OR name IN_LIST allowed_names)
    continue()
  endif()
  matches_any(is_forbidden "${name}" ${forbidden})
  matches_any(is_allowed "${name}" ${allowed})
  if(name MATCHES "^__cxa_thread_atexit")
    list(APPEND faults "imports ${name}: a thread_local with a destructor keeps the library mapped")
  elseif(is_forbidden)
    list(APPEND faults "imports ${name}: threads, files, clocks and the process belong to the host")
  elseif(NOT is_allowed)
    list(APPEND faults "imports ${name}: not on the list of what a connector may use")
  endif()
endforeach()

if(faults)
  list(JOIN faults "\n  " faults)
  file(REMOVE "${SO}")
  message(FATAL_ERROR "${SO} is refused and deleted:\n  ${faults}\nDeclare what is truly harmless with ALLOW_IMPORTS.")
endif()
