#include "host/trunkctl/connector_file.hpp"

#include "host/plugins/elf_note.hpp"
#include "host/plugins/generation.hpp"
#include "host/trunkctl/whole_file.hpp"

namespace trunkline::trunkctl {

Result<ConnectorFile> read_connector(const std::string& file) {
    auto bytes = read_whole(file, plugins::CatalogueOptions{}.file_bytes_max);
    if (!bytes) return bytes.error();
    const auto note =
        plugins::read_elf_note({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()}
        );
    if (!note) return at_file(file, "is no connector: " + note.error().context);
    ConnectorFile connector;
    connector.id = note->id;
    connector.version = note->version;
    connector.manifest = note->manifest;
    connector.bytes = *std::move(bytes);
    return connector;
}

}  // namespace trunkline::trunkctl
