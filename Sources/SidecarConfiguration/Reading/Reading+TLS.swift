internal import NIOOpenSSL
internal import Names

/// The sections `tls`, of `router`, of `caller` and of `admin`.
extension Reading {
    /// The settings of TLS with the router: the section `tls` of `router`, if it exists and is not faulty; and the
    /// context, if a URL needs one.
    ///
    /// - Parameter urls: the router's URLs.
    func routerTLS(
        _ router: Section, urls: [Located<RouterURL>]
    ) -> (settings: RouterTLSSettings?, context: TLSContext?) {
        let isNeeded = urls.contains(where: \.value.isSecure)
        let example = "tls: { ca_file: /etc/ssl/certs/our-authority.pem }"
        guard let entry = router.entry("tls") else {
            return (nil, isNeeded ? self.context(RouterTLSSettings(), router) : nil)
        }
        guard
            let section = Section(
                entry.value, at: entry.location, place: "in router.tls", keys: .routerTLS, example: example,
                reading: self)
        else { return (nil, nil) }
        if !urls.isEmpty, !isNeeded {
            router.clash("tls", "is for URLs with TLS, and there is none", "write wss: or rss: in url, or remove it")
        }
        var settings = RouterTLSSettings()
        settings.caFile = self.file(section, "ca_file", example: "/etc/ssl/certs/our-authority.pem")
        settings.serverName = section.text("server_name", Expected(what: "a host name", example: "router.example.com"))
        settings.minimum = section.choice("minimum", of: RouterTLSSettings.Minimum.self) ?? .tls12
        settings.verify = section.choice("verify", of: RouterTLSSettings.Verify.self) ?? .full
        settings.identity = self.identity(section, password: section.secret("key_password"))
        if settings.verify == .none {
            section.clash("ca_file", "has no effect with verify: none", "remove one of the two")
        }
        return (settings, self.context(settings, section))
    }

    /// The settings of the section `tls` of a port; nil if it is faulty or missing.
    ///
    /// - Parameters:
    ///   - port: the section that it stands in.
    ///   - place: where that is: `in caller.tls`.
    ///   - keys: those that it has.
    func serverTLS(
        _ port: Section, place: String, keys: KeyTable
    ) -> (identity: TLSIdentity, context: TLSContext)? {
        let example = "tls: { certificate_file: /etc/ssl/sidecar.pem, key_file: /etc/ssl/private/sidecar.key }"
        guard let entry = port.entry("tls"),
            let section = Section(
                entry.value, at: entry.location, place: place, keys: keys, example: example, reading: self)
        else { return nil }
        if !section.has("certificate_file") {
            section.missing("certificate_file", example: "/etc/ssl/sidecar.pem")
        }
        guard let identity = self.identity(section, password: nil) else { return nil }
        return self.made(caFile: nil, identity, section) { () throws(TLSError) in try TLSContext(identity) }
            .map { (identity, $0) }
    }

    /// The context of a router's settings. Faulty authorities and a faulty own certificate are reported separately.
    private func context(_ settings: RouterTLSSettings, _ section: Section) -> TLSContext? {
        var trust = settings
        trust.identity = nil
        let trusting = self.made(caFile: settings.caFile, settings.identity, section) { () throws(TLSError) in
            let context = try TLSContext(trust)
            if let name = settings.serverName { _ = try TLSConnection(context, name: PeerName(name.value)) }
            return context
        }
        guard settings.identity != nil else { return trusting }
        // If the authorities are faulty too, the own certificate is checked by itself.
        var whole = settings
        if trusting == nil { whole.caFile = nil }
        let context = self.made(caFile: settings.caFile, settings.identity, section) { () throws(TLSError) in
            try TLSContext(whole)
        }
        return trusting == nil ? nil : context
    }

    /// A context, or nil and a fault at the faulty value.
    private func made(
        caFile: NamedFile?, _ identity: TLSIdentity?, _ section: Section, _ make: () throws(TLSError) -> TLSContext
    ) -> TLSContext? {
        do throws(TLSError) {
            return try make()
        } catch {
            self.add(error, caFile: caFile, identity, section)
            return nil
        }
    }

    private func identity(_ section: Section, password: Secret?) -> TLSIdentity? {
        let certificate = self.file(section, "certificate_file", example: "/etc/ssl/sidecar.pem")
        let key = self.file(section, "key_file", example: "/etc/ssl/private/sidecar.key")
        guard section.has("certificate_file") else {
            for name in ["key_file", "key_password", "key_password_file"] {
                section.clash(name, "has no effect without a certificate", "add certificate_file, or remove it")
            }
            return nil
        }
        guard let certificate, key != nil || !section.has("key_file") else { return nil }
        return TLSIdentity(certificateFile: certificate, keyFile: key, keyPassword: password)
    }

    private func file(_ section: Section, _ key: String, example: String) -> NamedFile? {
        section.text(key, Expected(what: "a file's path", example: example)).map {
            let path = TextFile.path($0.value, in: self.folder)
            self.willRead(path)
            return NamedFile(name: $0, path: path, digest: TextFile.digest(path))
        }
    }

    private func add(_ error: TLSError, caFile: NamedFile?, _ identity: TLSIdentity?, _ section: Section) {
        switch error.part {
        case .authorities:
            self.add(error, caFile, "ca_file", section)
        case .certificate:
            self.add(error, identity?.certificateFile, "certificate_file", section)
        case .key:
            // The key may be in the certificate's file.
            let key = identity?.keyFile
            self.add(error, key ?? identity?.certificateFile, key == nil ? "certificate_file" : "key_file", section)
        case .keyPassword:
            let key = section.has("key_password") ? "key_password" : "key_password_file"
            self.add(
                at: section.entry(key)?.value.location ?? section.location,
                "\(section.name(of: key)) \(error.problem)", error.remedy)
        case .name:
            self.add(
                at: section.entry("server_name")?.value.location ?? section.location,
                "\(section.name(of: "server_name")) \(error.problem)", error.remedy)
        case .library:
            self.add(at: section.location, "'tls' can't be set up: OpenSSL \(error.problem)", error.remedy)
        }
    }

    private func add(_ error: TLSError, _ file: NamedFile?, _ key: String, _ section: Section) {
        guard let file else { return }
        self.add(
            at: file.name.location,
            "the file \(Shown.quoted(file.name.value)) that \(section.name(of: key)) names \(error.problem)",
            error.remedy)
    }
}
