#pragma once

#include <span>
#include <string>
#include <string_view>

#include "host/universal/features.hpp"
#include "host/universal/universal.pb.h"

namespace trunkline::universal {

/// One feature that may go out, as a command that has nothing else in it.
struct Sample {
    std::string_view feature;
    Command (*make)(const KindFeatures&);
    std::string (*limit_of)(const KindFeatures&, std::string_view feature);

    Command command(const KindFeatures& features) const { return make(features); }
    /// Up to which size, for people; "" = none.
    std::string limit(const KindFeatures& features) const {
        return limit_of == nullptr ? std::string{} : limit_of(features, feature);
    }
    /// What the connector itself does with some of them; "" = nothing to say.
    std::string note(const KindFeatures& features) const;
};

/// All of them, in the order people ask about them.
std::span<const Sample> fidelity_samples();

}  // namespace trunkline::universal
