#pragma once

namespace trunkline {

/// What the hostile runner does.
enum class Harm {
    none = 1,
    another_build,
    no_frame,
    answers_another,
    foreign_task,
    foreign_input,
    backwards,
    refused_effect,
    garbage_effects,
    miscounts,
    writes_over_the_page,
    answers_with_something_else,
    floods,
};

}  // namespace trunkline
