#include "trunkline/simulator/files.hpp"

#include <gtest/gtest.h>

namespace trunkline::simulator {
namespace {

File file(const std::string& id, std::string bytes) {
    File out;
    out.id = id;
    out.path = "files/" + id;
    out.bytes = std::move(bytes);
    return out;
}

TEST(FilesTest, AreFoundByIdAndByPath) {
    Files files;
    files.add(file("a", "hello"));
    ASSERT_NE(files.find("a"), nullptr);
    EXPECT_EQ(files.find("a")->size, 5u);
    EXPECT_EQ(files.find_path("files/a"), files.find("a"));
    EXPECT_EQ(files.find("b"), nullptr);
    files.clear();
    EXPECT_EQ(files.find("a"), nullptr);
    EXPECT_EQ(files.find_path("files/a"), nullptr);
}

TEST(FilesTest, AreForgottenBeforeTheyGrowWithoutEnd) {
    Files files;
    files.add(file("old", std::string(200U << 20U, 'x')));
    files.add(file("new", std::string(100U << 20U, 'x')));
    EXPECT_EQ(files.find("old"), nullptr);
    EXPECT_NE(files.find("new"), nullptr);
}

TEST(FilesTest, APartIsWhatItsHeaderSays) {
    const File hello = file("a", "hello");
    const auto part = [&](const char* range) { return serve(hello, range, "text/plain"); };
    EXPECT_EQ(part("").status, 200);
    EXPECT_EQ(part("").body, "hello");
    EXPECT_EQ(part("bytes=1-2").status, 206);
    EXPECT_EQ(part("bytes=1-2").body, "el");
    EXPECT_EQ(find_header(part("bytes=1-2").headers, "content-range"), "bytes 1-2/5");
    EXPECT_EQ(part("bytes=3-").body, "lo");
    EXPECT_EQ(part("bytes=-2").body, "lo");
    EXPECT_EQ(part("bytes=3-100").body, "lo");
    EXPECT_EQ(part("bytes=5-").status, 416);
    EXPECT_EQ(find_header(part("bytes=5-").headers, "Content-Range"), "bytes */5");
    for (const char* odd : {"bytes=2-1", "bytes=x-1", "lines=1-2", "bytes=1"})
        EXPECT_EQ(part(odd).status, 200) << odd;
}

}  // namespace
}  // namespace trunkline::simulator
