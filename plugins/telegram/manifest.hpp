#pragma once

namespace trunkline::telegram {

/// What the host knows of this connector without running it. Numbers: telegram.md sections 1, 5
/// and 6. Pictures above 10 MB are sent as documents, hence the common limit of 50 MB. One file a
/// message: the host then knows after each whether it went out. Rates are Telegram's advice; the
/// truth is the 429.
inline constexpr char kManifest[] = R"({
  "settings": [
    {"key": "token", "type": "secret", "title": "Bot token", "help": "What BotFather answered to /newbot", "required": true},
    {"key": "secret", "type": "secret", "title": "Webhook secret", "help": "1 to 256 letters, digits, _ and -; needed with receive: webhook"},
    {"key": "api_base", "type": "url", "title": "Bot API server", "default": "https://api.telegram.org"},
    {"key": "receive", "type": "choice", "title": "How messages arrive", "choices": ["webhook", "poll"], "default": "webhook"},
    {"key": "poll_timeout", "type": "duration", "title": "Longest wait of one poll", "default": "50s", "max": "50s"}
  ],
  "receive": ["webhook", "poll"],
  "poll": {"every": "0s"},
  "check_every": "10m",
  "redelivery_window": "48h",
  "accept": {
    "verify": {"header_equals": {"header": "x-telegram-bot-api-secret-token", "setting": "secret"}},
    "answer": {"status": 200}
  },
  "features": {
    "*": {
      "text_max": 4096,
      "text_unit": "utf16",
      "spans": ["bold", "italic", "underline", "strike", "code", "pre", "quote", "spoiler", "link", "mention"],
      "attachments": {
        "image": {"max_bytes": 52428800, "caption_max": 1024},
        "video": {"max_bytes": 52428800, "caption_max": 1024},
        "audio": {"max_bytes": 52428800, "caption_max": 1024},
        "voice": {"max_bytes": 52428800, "caption_max": 1024},
        "animation": {"max_bytes": 52428800, "caption_max": 1024},
        "file": {"max_bytes": 52428800, "caption_max": 1024},
        "video_note": {"max_bytes": 52428800, "caption_max": 0},
        "sticker": {"max_bytes": 524288, "caption_max": 0}
      },
      "attachments_max": 1,
      "buttons": {"rows": 100, "per_row": 8, "text_max": 64, "payload_max_bytes": 64, "urls": true},
      "edit": true,
      "delete": true,
      "react": true,
      "reply": true,
      "typing": true,
      "read": false,
      "location": true,
      "contact": true
    }
  },
  "limits": [
    {"scope": "chat", "rate": 1, "per": "1s", "burst": 3},
    {"scope": "chat", "kinds": ["group"], "rate": 20, "per": "1m", "burst": 20},
    {"scope": "account", "rate": 30, "per": "1s", "burst": 30}
  ]
})";

}  // namespace trunkline::telegram
