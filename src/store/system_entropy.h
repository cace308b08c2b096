// Randomness from libcrypto's generator, which reseeds itself after a fork.
#pragma once

#include "core/ports.h"

namespace epoch::store {

class SystemEntropy final : public core::Entropy {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace epoch::store
