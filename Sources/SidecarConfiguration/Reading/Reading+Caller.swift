import Names

extension Reading {
    /// The section `caller`; nil if it is faulty.
    func caller(_ entry: YAMLEntry) -> CallerSettings? {
        let example = "\"127.0.0.1:7432\""
        guard
            let section = Section(
                entry.value, at: entry.location, place: "in caller", keys: .caller, example: "listen: \(example)",
                reading: self)
        else { return nil }
        if !section.has("listen") { section.missing("listen", example: example) }
        let insecure = section.flag("insecure") ?? false
        let listen = self.listen(section, example: example, isInsecure: insecure || section.has("tls"))
        let tls = self.serverTLS(section, place: "in caller.tls", keys: .callerTLS)
        if case .unix? = listen?.value {
            section.clash("tls", "has no meaning for a Unix socket, on which nobody can eavesdrop", "remove it")
        }
        let wantsTLS = section.has("tls") && !insecure
        let connect = section.value(
            "connect", Expected(what: "keywords of libpq", example: "host=sidecar port=7432")
        ) { text throws(TextFault) in
            try CallPortKeywords(text, wantsTLS: wantsTLS)
        }
        let password = section.secret("password")
        let statusPassword = section.secret("status_password")
        let timeout = section.duration("timeout", in: Bounds.timeout) ?? .seconds(10)
        let sessions = section.number("sessions", in: 1...10_000) ?? 500
        let allowMeta = section.flag("allow_meta") ?? false
        guard let listen else { return nil }
        return CallerSettings(
            location: section.location, listen: listen, connect: connect, password: password,
            statusPassword: statusPassword, tls: tls, timeout: timeout, sessions: sessions, insecure: insecure,
            allowMeta: allowMeta)
    }

    private func listen(_ section: Section, example: String, isInsecure: Bool) -> Located<ListenAddress>? {
        guard let text = section.text("listen", Expected(what: "an address and a port", example: example)) else {
            return nil
        }
        let name = section.name(of: "listen")
        guard let address = ListenAddress(text.value) else {
            self.add(
                at: text.location, "\(name) is not an address to listen on",
                "write host:port, [address]:port or /folder:port, e.g. listen: \(example)")
            return nil
        }
        guard address.isLocal || isInsecure else {
            self.add(
                at: text.location, "\(name) can be reached from other machines, and its traffic is not encrypted",
                "add tls, listen on 127.0.0.1 or in a folder, or allow it by insecure: true")
            return nil
        }
        return Located(address, at: text.location)
    }
}
