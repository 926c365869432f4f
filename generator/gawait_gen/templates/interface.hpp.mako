<%
    structures = list(text.value_structs(interface))
    deprecated = "[[deprecated]] " if interface.element.deprecated else ""
%>\
#pragma once

// Written by gawait-gen from introspection XML: ${interface.element.name}.

% if structures:
#include "gawait/dbus/message_body.hpp"
% endif
#include "gawait/dbus/proxy.hpp"
% if any(each.element.no_reply for each in interface.methods):
#include "gawait/dbus/send.hpp"
% endif
#include "gawait/dbus/service.hpp"

% for include in text.includes(interface):
#include <${include}>
% endfor

namespace ${interface.namespace} {

% for struct in interface.structs:
${text.named_struct(interface, struct)}

% endfor
% for _, struct in structures:
${struct}

% endfor
} // namespace ${interface.namespace}
% if structures:

namespace gawait::dbus {

% for name, _ in structures:
template <> inline constexpr bool is_message_body<::${interface.namespace}::${name}> = true;
% endfor

} // namespace gawait::dbus
% endif

namespace ${interface.namespace} {

${documentation.of_proxy(interface)}
class ${deprecated}${interface.proxy} : public gawait::dbus::proxy {
public:
    using gawait::dbus::proxy::proxy;
% for each in interface.methods:

${proxy.method(each)}
% endfor
% for each in interface.properties:
% for function in proxy.property(each):

${function}
% endfor
% endfor
% for each in interface.signals:

${proxy.signal(each)}
% endfor
};

${documentation.of_service(interface)}
class ${deprecated}${interface.service} {
public:
    ${interface.service}(const ${interface.service}&) = delete;
    ${interface.service}& operator=(const ${interface.service}&) = delete;
    virtual ~${interface.service}() = default;

    operator const gawait::dbus::interface&() const noexcept { return interface_; }
% for each in interface.methods:

${service.method(each)}
% endfor
% for each in interface.properties:
% for function in service.property(each):

${function}
% endfor
% endfor
% for each in interface.properties:
% if each.is_told:

${service.changed(each)}
% endif
% endfor
% for each in interface.signals:

${service.emit(each)}
% endfor

protected:
    ${interface.service}() {
% for each in service.registrations():
${each}
% endfor
    }

private:
    gawait::dbus::interface interface_{"${interface.element.name}", R"xml(
% for line in description:
${line}
% endfor
)xml"};
};

} // namespace ${interface.namespace}
