# Every third-party package, in one place; docs/ARCHITECTURE.md says which folder may use which.
find_package(Threads REQUIRED)
find_package(Boost 1.81 EXACT REQUIRED COMPONENTS filesystem json)
find_package(OpenSSL 3.0 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Protobuf REQUIRED)
find_package(spdlog REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
if(TRUNKLINE_TESTS)
  find_package(GTest REQUIRED)
endif()

add_library(trunkline_asio INTERFACE)
# Nothing of ours asks for more than the ordinary alignment, and the C library's aligned_alloc goes past its cache of each thread: a
# message makes about forty coroutine frames and handlers.
target_compile_definitions(trunkline_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
target_link_libraries(trunkline_asio INTERFACE Boost::headers Threads::Threads)
