#pragma once

namespace gawait::benchmarks {

/// Of the services that benchmarks call: whoever has them is called by the unique name.
inline constexpr auto service_path = "/org/example/Service";
inline constexpr auto service_interface = "org.example.Service";

} // namespace gawait::benchmarks
