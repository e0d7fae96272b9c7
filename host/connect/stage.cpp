#include "host/connect/stage.hpp"

namespace trunkline::connect {

boost::json::object to_json(const Stage& stage) {
    boost::json::object out{{"state", stage.state}};
    if (stage.state == "waiting") {
        out["step"] = stage.step;
        out["form"] = stage.form;
    }
    for (const auto& [name, value] :
         {std::pair{"code", &stage.code},
          std::pair{"text", &stage.text},
          std::pair{"title", &stage.title},
          std::pair{"url", &stage.url}}) {
        if (!value->empty()) out[name] = *value;
    }
    return out;
}

}  // namespace trunkline::connect
