#include <filesystem>

#include <boost/asio/ssl.hpp>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "support.hpp"

namespace trunkline::net::test {

namespace {

namespace asio = boost::asio;

// A self-signed certificate for "localhost" in files of its own, removed at the end.
class Certificate {
public:
    Certificate() {
        folder_ =
            std::filesystem::temp_directory_path() / ("net-tls-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        auto* key = EVP_EC_gen("P-256");
        auto* cert = X509_new();
        X509_gmtime_adj(X509_getm_notBefore(cert), -60);
        X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
        X509_set_pubkey(cert, key);
        auto* name = X509_get_subject_name(cert);
        const auto* text = reinterpret_cast<const unsigned char*>("localhost");
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
        X509_set_issuer_name(cert, name);
        X509_sign(cert, key, EVP_sha256());
        auto* out = std::fopen(certificate().c_str(), "w");
        PEM_write_X509(out, cert);
        std::fclose(out);
        out = std::fopen(this->key().c_str(), "w");
        PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(out);
        X509_free(cert);
        EVP_PKEY_free(key);
    }
    ~Certificate() { std::filesystem::remove_all(folder_); }
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;

    std::string certificate() const { return folder_ / "cert.pem"; }
    std::string key() const { return folder_ / "key.pem"; }

    Listen listen() const {
        Listen where;
        where.certificate = certificate();
        where.key = key();
        return where;
    }

private:
    std::filesystem::path folder_;
};

class TlsClient {
public:
    TlsClient(std::uint16_t port, int version_max) {
        // The machine's own policy must not refuse in the server's place.
        SSL_set_security_level(stream_.native_handle(), 0);
        SSL_set_min_proto_version(stream_.native_handle(), TLS1_VERSION);
        SSL_set_max_proto_version(stream_.native_handle(), version_max);
        stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
        stream_.handshake(asio::ssl::stream_base::client, error);
    }
    void send(const std::string& bytes) { asio::write(stream_, asio::buffer(bytes), error); }
    std::string read_until(const std::string& mark) {
        std::string out;
        asio::read_until(stream_, asio::dynamic_buffer(out), mark, error);
        return out;
    }
    std::string version() { return SSL_get_version(stream_.native_handle()); }
    boost::system::error_code error;

private:
    asio::io_context io_;
    asio::ssl::context context_{asio::ssl::context::tls_client};
    asio::ssl::stream<asio::ip::tcp::socket> stream_{io_, context_};
};

TEST(ServerTls, ServesOverTls) {
    const Certificate files;
    TestServer server{{}, files.listen()};
    TlsClient client{server.port(), TLS1_3_VERSION};
    ASSERT_FALSE(client.error) << client.error.message();
    EXPECT_EQ(client.version(), "TLSv1.3");
    client.send("GET /describe HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_NE(client.read_until("body=").find("secure=1"), std::string::npos);
    client.send(
        "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" +
        std::string(500'000, 'x')
    );
    EXPECT_NE(client.read_until("uploaded").find("200 OK"), std::string::npos);
    client.send("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_GT(client.read_until("never there").size(), 1'000'000U);
    EXPECT_EQ(client.error, asio::error::eof)
        << "the goodbye is said in TLS: " << client.error.message();
}

TEST(ServerTls, RefusesOldVersions) {
    const Certificate files;
    TestServer server{{}, files.listen()};
    TlsClient old{server.port(), TLS1_1_VERSION};
    EXPECT_TRUE(old.error);
    TlsClient good{server.port(), TLS1_2_VERSION};
    EXPECT_FALSE(good.error) << good.error.message();
}

TEST(ServerTls, CutsAHandshakeThatStops) {
    const Certificate files;
    ServerLimits limits;
    limits.head_timeout = std::chrono::milliseconds{50};
    TestServer server{limits, files.listen()};
    RawClient client{server.port()};
    client.send("\x16\x03\x01");
    client.read_to_end();
    EXPECT_FALSE(client.timed_out());
    RawClient clear{server.port()};
    clear.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    clear.read_to_end();
    EXPECT_FALSE(clear.timed_out());
    EXPECT_EQ(server.server->figures().requests, 0U);
}

TEST(ServerTls, NamesTheFileItCannotUse) {
    async::Loops loops{1};
    SystemClock clock;
    TestHandler handler;
    const Certificate files;
    auto where = files.listen();
    where.address = "127.0.0.1:0";
    where.key = "/nowhere/key.pem";
    const auto no_key = listen(loops, where, {}, clock, handler);
    ASSERT_FALSE(no_key.has_value());
    EXPECT_NE(no_key.error().context.find("/nowhere/key.pem"), std::string::npos);
    where.certificate = "/nowhere/cert.pem";
    EXPECT_FALSE(listen(loops, where, {}, clock, handler).has_value());
}

TEST(ServerTls, TheClientRefusesAnUnknownCertificate) {
    const Certificate files;
    TestServer server{{}, files.listen()};
    TestClient client;
    ClientRequest request;
    request.url = "https://localhost:" + std::to_string(server.port()) + "/secret-path";
    const auto reply = client.fetch(request);
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.fault, Fault::unavailable);
    EXPECT_NE(reply.reason.find("certificate"), std::string::npos) << reply.reason;
    EXPECT_EQ(reply.reason.find("secret"), std::string::npos) << reply.reason;
}

}  // namespace

}  // namespace trunkline::net::test
