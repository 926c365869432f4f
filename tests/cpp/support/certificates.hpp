#pragma once

#include "gawait/error.hpp"
#include "gawait/ref.hpp"
#include "support/temporary_directory.hpp"

#include <gio/gio.h>

#include <string>

namespace gawait::test {

/// A certificate of localhost with its key, and that of the authority that signed it, made by
/// `openssl`.
class certificates {
public:
    explicit certificates(const std::string& authority = "authority") {
        make("-subj /CN=" + authority + " -keyout " + path("authority.key") + " -out " +
             path("authority.pem"));
        make("-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost"
             " -addext basicConstraints=critical,CA:FALSE -CA " +
             path("authority.pem") + " -CAkey " + path("authority.key") + " -keyout " +
             path("key.pem") + " -out " + path("certificate.pem"));
    }

    /// What a server shows.
    ref<GTlsCertificate> of_localhost() const { return read("certificate.pem", "key.pem"); }

    ref<GTlsCertificate> of_the_authority() const { return read("authority.pem", "authority.key"); }

    /// Trusts the authority.
    ref<GTlsDatabase> database() const {
        GError* failure = nullptr;
        auto made = adopt(g_tls_file_database_new(path("authority.pem").c_str(), &failure));
        throw_if(failure);
        return made;
    }

private:
    std::string path(const char* name) const { return directory_.path() / name; }

    static void make(const std::string& options) {
        const std::string command = "openssl req -x509 -nodes -days 2 -newkey ec"
                                    " -pkeyopt ec_paramgen_curve:P-256 " +
                                    options;
        char* messages = nullptr;
        int status = 0;
        GError* failure = nullptr;
        g_spawn_command_line_sync(command.c_str(), nullptr, &messages, &status, &failure);
        const unique_string said(messages);
        throw_if(failure);
        if (status != 0)
            throw error(G_IO_ERROR_FAILED, said.get());
    }

    ref<GTlsCertificate> read(const char* certificate, const char* key) const {
        GError* failure = nullptr;
        auto made = adopt(g_tls_certificate_new_from_files(path(certificate).c_str(),
                                                           path(key).c_str(), &failure));
        throw_if(failure);
        return made;
    }

    static void throw_if(GError* failure) {
        if (failure)
            throw error(failure);
    }

    temporary_directory directory_;
};

} // namespace gawait::test
