#include "store/system_entropy.h"

#include <openssl/rand.h>

#include <stdexcept>

namespace epoch::store {

void SystemEntropy::fill(std::span<std::uint8_t> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("the system has no randomness to give");
  }
}

}  // namespace epoch::store
