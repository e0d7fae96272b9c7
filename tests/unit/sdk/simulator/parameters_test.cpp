// A call's parameters, in each of the encodings the Bot API takes.
#include "trunkline/simulator/parameters.hpp"

#include <gtest/gtest.h>

namespace trunkline::simulator {
namespace {

std::optional<Parameters> read(
    const std::string& type, const std::string& body, const std::string& query = ""
) {
    Request request;
    request.headers = {{"Content-Type", type}};
    request.query = query;
    request.body = body;
    return Parameters::read(request);
}
constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kJson = "application/json";
constexpr const char* kMultipart = "multipart/form-data; boundary=XX";

TEST(ParametersTest, SayTheSameInEveryEncoding) {
    const std::string parts =
        "--XX\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n1001\r\n"
        "--XX\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\na b\r\n"
        "--XX\r\nContent-Disposition: form-data; name=\"entities\"\r\n\r\n[1]\r\n--XX--\r\n";
    for (const auto& p :
         {read(kJson, R"({"chat_id":1001,"text":"a b","entities":[1]})"),
          read(kForm, "chat_id=1001&text=a+b&entities=%5B1%5D"),
          read("", "", "chat_id=1001&text=a%20b&entities=[1]"),
          read(kMultipart, parts)}) {
        ASSERT_TRUE(p);
        EXPECT_EQ(p->integer("chat_id"), 1001);
        EXPECT_EQ(p->text("text"), "a b");
        ASSERT_TRUE(p->structure("entities"));
        EXPECT_EQ(p->structure("entities")->as_array().size(), 1u);
        EXPECT_TRUE(p->has("text"));
        EXPECT_FALSE(p->has("nothing"));
        EXPECT_EQ(p->text("nothing"), "");
        EXPECT_FALSE(p->structure("nothing"));
    }
}

TEST(ParametersTest, TheirNamesAreKnown) {
    const auto p = read(kForm, "b=1&a=2", "c=3");
    EXPECT_EQ(p->names(), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(Parameters::of({{"a", 1}}).integer("a"), 1);
}

TEST(ParametersTest, TheBodyComesBeforeTheQuery) {
    EXPECT_EQ(read(kForm, "a=2", "a=1&b=3")->text("a"), "2");
    EXPECT_EQ(read(kForm, "a=2", "a=1&b=3")->text("b"), "3");
}

TEST(ParametersTest, ABodyThatIsNotWhatItSaysIsRefused) {
    EXPECT_FALSE(read(kJson, "{"));
    EXPECT_FALSE(read(kJson, "[1]"));
    EXPECT_FALSE(read("multipart/form-data", "--XX--"));
    const std::string part = "Content-Disposition: form-data; name=\"a\"\r\n\r\n1";
    for (const std::string& body :
         {std::string{"nothing"},
          "--XX" + part,
          "--XX\r\n" + part,
          "--XX\r\n" + part + "\r\n",
          std::string{"--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--"},
          std::string{"--XX\r\nno head at all"}})
        EXPECT_FALSE(read(kMultipart, body)) << body;
    EXPECT_TRUE(read(kMultipart, "--XX\r\n" + part + "\r\n--XX--"));
    EXPECT_TRUE(read(kMultipart, "--XX--"));
    EXPECT_TRUE(read("multipart/form-data; boundary=\"XX\"; charset=utf-8", "--XX--"));
}

TEST(ParametersTest, AnUploadKeepsItsBytesNameAndKind) {
    const std::string bytes{"\x00\r\n--X\xFF", 7};
    const auto p = read(
        kMultipart,
        "--XX\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a\\\"b.png\"\r\n"
        "Content-Type: image/png\r\n\r\n" +
            bytes + "\r\n--XX--\r\n"
    );
    ASSERT_TRUE(p);
    const Upload* upload = p->upload("photo");
    ASSERT_NE(upload, nullptr);
    EXPECT_EQ(upload->bytes, bytes);
    EXPECT_EQ(upload->filename, "a\"b.png");
    EXPECT_EQ(upload->mime, "image/png");
    EXPECT_FALSE(p->has("photo"));
    EXPECT_EQ(p->upload("other"), nullptr);
    EXPECT_EQ(
        json::serialize(p->as_json()),
        R"({"photo":{"filename":"a\"b.png","mime":"image/png","size":7}})"
    ) << "the journal holds no bytes";
}

TEST(ParametersTest, NumbersAreNumbersOrTheirDigits) {
    const auto p = read(kJson, R"({"a":5,"b":"-7","c":"7x","d":1.5,"e":"","f":"2.25","g":null})");
    EXPECT_EQ(p->integer("a"), 5);
    EXPECT_EQ(p->integer("b"), -7);
    for (const char* name : {"c", "d", "e", "g", "nothing"})
        EXPECT_FALSE(p->integer(name)) << name;
    EXPECT_DOUBLE_EQ(p->number("f").value_or(0), 2.25);
    EXPECT_DOUBLE_EQ(p->number("a").value_or(0), 5);
    EXPECT_FALSE(p->number("c"));
}

TEST(ParametersTest, TrueIsWhatTelegramTakesForTrue) {
    const auto p =
        read(kJson, R"({"a":true,"b":"true","c":"True","d":1,"e":false,"f":"yes","g":0})");
    for (const char* name : {"a", "b", "c", "d"})
        EXPECT_TRUE(p->boolean(name)) << name;
    for (const char* name : {"e", "f", "g", "nothing"})
        EXPECT_FALSE(p->boolean(name)) << name;
}

TEST(ParametersTest, AStructureMayComeAsText) {
    const auto p = read(kJson, R"({"a":{"x":1},"b":"{\"x\":1}","c":"{x"})");
    EXPECT_EQ(p->structure("a")->at("x"), 1);
    EXPECT_EQ(p->structure("b")->at("x"), 1);
    EXPECT_FALSE(p->structure("c"));
}

}  // namespace
}  // namespace trunkline::simulator
