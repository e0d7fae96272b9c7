// Runs a fuzz entry over its seeds and simple damage to them, where there is no libFuzzer. Exits 0
// when every promise held.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

void damage(const std::string& seed, std::mt19937& random) {
    constexpr int kRounds = 300;
    for (int i = 0; i < kRounds && !seed.empty(); ++i) {
        std::string bad = seed;
        const std::size_t at = random() % bad.size();
        const std::size_t count = 1 + random() % 8;
        switch (random() % 4) {
            case 0:
                bad[at] = static_cast<char>(random());
                break;
            case 1:
                bad.resize(at);
                break;
            case 2:
                bad.erase(at, count);
                break;
            default:
                bad.insert(at, bad.substr(random() % bad.size(), count));
                break;
        }
        run(bad);
    }
}

}  // namespace

int main(int count, char** arguments) {
    std::size_t seeds = 0;
    std::mt19937 random{2026};
    for (int i = 1; i < count; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator{arguments[i]}) {
            std::ifstream file{entry.path(), std::ios::binary};
            const std::string seed{std::istreambuf_iterator<char>{file}, {}};
            run(seed);
            damage(seed, random);
            ++seeds;
        }
    }
    return seeds == 0 ? 1 : 0;  // a corpus that is not there proves nothing
}
