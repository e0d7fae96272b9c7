# cmake -DSO=<file> -DNM=<nm> [-DALLOW=a;b] [-DSANITIZE=address] -P TrunklineGate.cmake
#
# Looks at the dynamic symbols of a linked connector and deletes the file when it could not be unloaded, or could do I/O
# behind the host's back. Imports are checked against a list of what is allowed: a list of what is forbidden would miss
# std::thread, which imports no pthread_create of its own.
cmake_minimum_required(VERSION 3.25)

# Parts of libstdc++ that are allowed names by prefix but start threads, open files or change the process.
set(forbidden_cxx
  "^_ZNSt6thread" "^_ZNSt7jthread" "^_ZNS[ot].*basic_(file|filebuf|ifstream|ofstream|fstream)" "^_ZN?K?St.*(basic_filebuf|basic_ifstream|basic_ofstream|basic_fstream)"
  "__basic_file" "filesystem" "^_ZNSt6locale6global" "^_ZNSt6locale2setE" "^_ZNSt18condition_variable" "^_ZNSt3_V222condition_variable"
  "^_ZNSt6chrono3_V2" "random_device" "^_ZNSt3pmr.*set_default_resource" "^_ZSt(13set_terminate|14set_unexpected|15set_new_handler)"
  "^_ZNSt13__future_base" "__once_proxy" "^_ZSt4(cout|cerr|clog)$" "^_ZSt3cin$" "^_ZNSt8ios_base4InitC")

# The C library, as far as it neither does I/O nor keeps or changes state of the process.
set(allowed_c
  mem(cpy|move|set|cmp|chr|rchr|mem)
  str(len|nlen|cmp|ncmp|chr|rchr|str|spn|cspn|pbrk|tol|toll|toul|toull|tod|tof|told|coll|xfrm)
  strtod_l strtof_l strtold_l strerror_r
  malloc free calloc realloc aligned_alloc posix_memalign abort
  bcmp qsort bsearch (is|to)(alnum|alpha|digit|lower|upper|space|xdigit|punct|print|cntrl|graph)
  snprintf vsnprintf wmem(cpy|move|set|cmp|chr) wcslen
  __(memcpy|memmove|memset|memcpy|snprintf|vsnprintf|strcpy|strcat|strncpy)_chk __stack_chk_fail
  __ctype_(b|tolower|toupper)_loc __errno_location __assert_fail
  __tls_get_addr _GLOBAL_OFFSET_TABLE_ __gmon_start__ _ITM_(de)?registerTMCloneTable
  __cxa_finalize __cxa_atexit
  pthread_(mutex_(lock|unlock|trylock|init|destroy)|self|equal|once|key_create|getspecific|setspecific)
  (exp|exp2|expm1|log|log2|log10|log1p|pow|sqrt|cbrt|sin|cos|tan|asin|acos|atan|atan2|fmod|remainder|floor|ceil|round|trunc|lround|llround|rint|nearbyint|ldexp|frexp|modf|hypot|fmin|fmax|fma|scalbn)[fl]?)

# The C++ runtime and the unwinder, minus what is above. __cxa_thread_atexit is the trace of a thread_local with a
# destructor: such a library stays mapped for ever.
set(allowed_cxx
  "_Z(NK?|NV|T[ISVT]N?K?|GVN?)?(S|St|Ss|Sa|So|Si|Sd|N10__cxxabiv1|N9__gnu_cxx).*" "_Z(nw|na|dl|da)[A-Za-z].*" "_ZTI[a-z]" "_ZTIP.*" "_ZTIDn" "_ZNK?St.*" "_ZSt.*"
  "__cxa_(allocate_exception|free_exception|throw|rethrow|begin_catch|end_catch|get_exception_ptr|pure_virtual|deleted_virtual|guard_(acquire|release|abort)|init_primary_exception|bad_cast|bad_typeid|throw_bad_array_new_length|throw_bad_array_length|call_unexpected|current_exception_type|demangle)"
  "__dynamic_cast" "__gxx_personality_v0" "__gcc_personality_v0" "_Unwind_.*" "__(u?(div|mod|mul|divmod)[a-z]*[0-9]|popcount.*|clz.*|ctz.*|multi3|float.*|fix.*|extend.*|trunc.*)")

if(SANITIZE)
  list(APPEND allowed_c "__(asan|ubsan|tsan|lsan|sanitizer)_.*" "___asan_.*" "__interceptor_.*" "__sancov_.*")
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

list(JOIN allowed_c "|" allowed_c)
list(JOIN allowed_cxx "|" allowed_cxx)
list(JOIN forbidden_cxx "|" forbidden_cxx)
symbols(undefined --undefined-only)
foreach(line IN LISTS undefined)
  string(REGEX REPLACE "^ *[A-Za-z] ([^ @]+).*$" "\\1" name "${line}")
  if(name IN_LIST ALLOW)
    continue()
  endif()
  if(name MATCHES "^__cxa_thread_atexit")
    list(APPEND faults "imports ${name}: a thread_local with a destructor keeps the library mapped")
  elseif(name MATCHES "${forbidden_cxx}")
    list(APPEND faults "imports ${name}: threads, files, clocks and the process belong to the host")
  elseif(NOT name MATCHES "^(${allowed_c}|${allowed_cxx})$")
    list(APPEND faults "imports ${name}: not on the list of what a connector may use")
  endif()
endforeach()

if(faults)
  list(JOIN faults "\n  " faults)
  file(REMOVE "${SO}")
  message(FATAL_ERROR "${SO} is refused and deleted:\n  ${faults}\nDeclare what is truly harmless with ALLOW_IMPORTS.")
endif()
