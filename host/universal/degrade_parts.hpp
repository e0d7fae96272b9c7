#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"
#include "host/universal/degrade.hpp"
#include "host/universal/split.hpp"

/// The steps of degradation, each a change of the message being fitted. Only for the sources of
/// this folder.
namespace trunkline::universal {

/// A message on its way to fit.
struct Fitting {
    const KindFeatures& features;
    Message message;  ///< text and spans live in `body` meanwhile
    Styled body;
    std::vector<Change> changes;

    void changed(std::string_view what, std::string_view how);  ///< said once
    void add_paragraph(std::string_view text);                  ///< at the end of the body
};

Result<void> fit_attachments(Fitting& fitting);  ///< to another kind, or to its address in the text
void fit_spans(Fitting& fitting);
void fit_buttons(Fitting& fitting);  ///< other rows, or a numbered list in the text
void fit_places(Fitting& fitting);   ///< location and contact to text
void fit_reply(Fitting& fitting);

}  // namespace trunkline::universal
