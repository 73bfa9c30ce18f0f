/// The sections `tls`, of `router` and of `caller`.
extension Reading {
    /// The section `tls` of `router`; nil if it is faulty or not there.
    ///
    /// - Parameter urls: those of the router.
    func routerTLS(_ router: Section, urls: [Located<String>]) -> RouterTLSSettings? {
        let example = "tls: { ca_file: /etc/ssl/certs/our-authority.pem }"
        guard let entry = router.entry("tls"),
            let section = Section(
                entry.value, at: entry.location, place: "in router.tls", keys: .routerTLS, example: example,
                reading: self)
        else { return nil }
        if !urls.isEmpty, !urls.contains(where: { Self.isSecure($0.value) }) {
            router.clash("tls", "goes with URLs with TLS, and there is none", "write wss: or rss: in url, or remove it")
        }
        var settings = RouterTLSSettings()
        settings.caFile = self.file(section, "ca_file", example: "/etc/ssl/certs/our-authority.pem")
        settings.serverName = section.text("server_name", Expected(what: "a host name", example: "router.example.com"))
        settings.minimum = section.choice("minimum", of: RouterTLSSettings.Minimum.self) ?? .tls12
        settings.verify = section.choice("verify", of: RouterTLSSettings.Verify.self) ?? .full
        settings.identity = self.identity(section, password: section.secret("key_password"))
        if settings.verify == .none {
            section.clash("ca_file", "is of no use with verify: none", "remove one of the two")
        }
        self.add(self.checks.routerTLS(settings), caFile: settings.caFile, settings.identity, section)
        return settings
    }

    /// The section `tls` of `caller`; nil if it is faulty or not there.
    func callerTLS(_ caller: Section) -> TLSIdentity? {
        let example = "tls: { certificate_file: /etc/ssl/sidecar.pem, key_file: /etc/ssl/private/sidecar.key }"
        guard let entry = caller.entry("tls"),
            let section = Section(
                entry.value, at: entry.location, place: "in caller.tls", keys: .callerTLS, example: example,
                reading: self)
        else { return nil }
        if !section.has("certificate_file") {
            section.missing("certificate_file", example: "/etc/ssl/sidecar.pem")
        }
        guard let identity = self.identity(section, password: nil) else { return nil }
        self.add(self.checks.callerTLS(identity), caFile: nil, identity, section)
        return identity
    }

    private static func isSecure(_ url: String) -> Bool {
        let url = url.lowercased()
        return url.hasPrefix("wss:") || url.hasPrefix("rss:")
    }

    private func identity(_ section: Section, password: Secret?) -> TLSIdentity? {
        let certificate = self.file(section, "certificate_file", example: "/etc/ssl/sidecar.pem")
        let key = self.file(section, "key_file", example: "/etc/ssl/private/sidecar.key")
        guard section.has("certificate_file") else {
            for name in ["key_file", "key_password", "key_password_file"] {
                section.clash(name, "is of no use without a certificate", "add certificate_file, or remove it")
            }
            return nil
        }
        guard let certificate, key != nil || !section.has("key_file") else { return nil }
        return TLSIdentity(certificateFile: certificate, keyFile: key, keyPassword: password)
    }

    private func file(_ section: Section, _ key: String, example: String) -> NamedFile? {
        section.text(key, Expected(what: "a file's path", example: example)).map {
            NamedFile(name: $0, path: TextFile.path($0.value, in: self.folder))
        }
    }

    private func add(_ problems: [TLSProblem], caFile: NamedFile?, _ identity: TLSIdentity?, _ section: Section) {
        for problem in problems {
            switch problem.part {
            case .caFile:
                self.add(problem, caFile, "ca_file", section)
            case .certificateFile:
                self.add(problem, identity?.certificateFile, "certificate_file", section)
            case .keyFile:
                // The key may be in the certificate's file.
                let key = identity?.keyFile
                self.add(
                    problem, key ?? identity?.certificateFile, key == nil ? "certificate_file" : "key_file", section)
            case .keyPassword:
                let key = section.has("key_password") ? "key_password" : "key_password_file"
                self.add(
                    at: section.entry(key)?.value.location ?? section.location,
                    "\(section.name(of: key)) \(problem.problem)", problem.remedy)
            case .serverName:
                self.add(
                    at: section.entry("server_name")?.value.location ?? section.location,
                    "\(section.name(of: "server_name")) \(problem.problem)", problem.remedy)
            case .other:
                self.add(at: section.location, "'tls' can't be had: OpenSSL \(problem.problem)", problem.remedy)
            }
        }
    }

    private func add(_ problem: TLSProblem, _ file: NamedFile?, _ key: String, _ section: Section) {
        guard let file else { return }
        self.add(
            at: file.name.location,
            "the file \(Shown.quoted(file.name.value)) that \(section.name(of: key)) names \(problem.problem)",
            problem.remedy)
    }
}
