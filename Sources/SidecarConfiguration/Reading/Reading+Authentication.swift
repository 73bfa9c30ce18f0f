extension Reading {
    /// The section `auth` of `router`; nil if it is faulty, anonymous if it is not there.
    func authentication(_ router: Section) -> AuthenticationSettings? {
        guard let entry = router.entry("auth") else {
            return AuthenticationSettings(location: router.location, credentials: .anonymous(authid: nil))
        }
        guard
            let section = Section(
                entry.value, at: entry.location, place: "in router.auth", keys: .authentication,
                example: "auth: { method: wampcra, authid: sidecar, secret_file: /run/secrets/wamp }", reading: self)
        else { return nil }
        let method =
            section.has("method")
            ? section.choice("method", of: AuthenticationSettings.Method.self, later: LaterValues.methods) : .anonymous
        let authid = section.text("authid", Expected(what: "a name", example: "sidecar"))?.value
        let ticket = section.secret("ticket")
        let secret = section.secret("secret")
        guard let method else { return nil }
        let credentials: AuthenticationSettings.Credentials?
        switch method {
        case .anonymous:
            section.refuse("ticket", unlessMethod: "ticket")
            section.refuse("secret", unlessMethod: "wampcra")
            credentials = .anonymous(authid: authid)
        case .ticket:
            section.refuse("secret", unlessMethod: "wampcra")
            section.require("authid", method: "ticket", example: "sidecar")
            section.require("ticket", method: "ticket", example: "\"${WAMP_TICKET}\"")
            credentials = authid.flatMap { authid in ticket.map { .ticket(authid: authid, ticket: $0) } }
        case .wampcra:
            section.refuse("ticket", unlessMethod: "ticket")
            section.require("authid", method: "wampcra", example: "sidecar")
            section.require("secret", method: "wampcra", example: "\"${WAMP_SECRET}\"")
            credentials = authid.flatMap { authid in secret.map { .wampcra(authid: authid, secret: $0) } }
        }
        return credentials.map { AuthenticationSettings(location: entry.location, credentials: $0) }
    }
}

extension Section {
    fileprivate func refuse(_ key: String, unlessMethod method: String) {
        for key in [key, "\(key)_file"] {
            self.clash(key, "goes with another method", "write method: \(method), or remove '\(key)'")
        }
    }

    fileprivate func require(_ key: String, method: String, example: String) {
        guard !self.has(key), !self.has("\(key)_file") else { return }
        self.reading.add(
            at: self.location, "'\(key)' is missing \(self.place), which method '\(method)' needs",
            "add e.g. \(key): \(example)")
    }
}
