// A key file, as an administrator may have edited it.
#include "core/keys.h"
#include "property.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  const core::Result<core::KeyRing> ring = core::KeyRing::parse(fuzz::text_of_input(bytes, size));
  if (!ring) {
    fuzz::require(ring.error().code == core::ErrorCode::Malformed, "what cannot be read is wrong");
    fuzz::require(!fuzz::holds_control(ring.error().detail), "a complaint is one line");
    return 0;
  }
  fuzz::require(ring->size() > 0, "a ring has a key");
  const std::string text = ring->serialize();
  const core::Result<core::KeyRing> again = core::KeyRing::parse(text);
  fuzz::require(again.ok() && again->serialize() == text, "what is written is read as it was");
  fuzz::require(again->size() == ring->size(), "no key is lost");
  for (std::size_t i = 0; i < ring->size(); ++i) {
    const core::SigningKey& key = ring->keys()[i];
    fuzz::require(again->keys()[i].id() == key.id() && again->keys()[i].created() == key.created(),
                  "the keys are the same, in the same order");
    fuzz::require(ring->find(key.id()) != nullptr, "each can be found");
    fuzz::require(
        key.created() <= ring->newest().created() && key.created() >= ring->oldest().created(),
        "the newest is the newest");
  }
  return 0;
}
