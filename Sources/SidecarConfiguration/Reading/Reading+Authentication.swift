internal import Cryptography
internal import Names

extension Reading {
    /// The section `auth` of `router`; nil if it is faulty, anonymous if it is missing.
    ///
    /// - Parameter urls: the router's valid URLs.
    func authentication(_ router: Section, urls: [Located<RouterURL>]) -> AuthenticationSettings? {
        guard let entry = router.entry("auth") else {
            return AuthenticationSettings(location: router.location, credentials: .anonymous(authid: nil))
        }
        guard
            let section = Section(
                entry.value, at: entry.location, place: "in router.auth", keys: .authentication,
                example: "auth: { method: wampcra, authid: sidecar, secret_file: /run/secrets/wamp }", reading: self)
        else { return nil }
        let given = section.has("method")
        let method = given ? section.choice("method", of: AuthenticationSettings.Method.self) : .anonymous
        let authid = section.text("authid", Expected(what: "a name", example: "sidecar"))?.value
        let ticket = section.secret("ticket")
        let secret = section.secret("secret")
        let key = section.privateKey("private_key")
        let binding = section.choice("channel_binding", of: AuthenticationSettings.ChannelBinding.self)
        guard let method else { return nil }
        section.refuseOtherKeys(than: method)
        let hasTLS = urls.isEmpty || urls.contains(where: \.value.isSecure)
        if binding != nil, !hasTLS {
            section.clash(
                "channel_binding", "needs TLS, which no URL of the router has",
                "write wss:// or rss:// in 'url', or remove it")
        }
        let credentials: AuthenticationSettings.Credentials?
        switch method {
        case .anonymous:
            credentials = .anonymous(authid: authid)
        case .ticket:
            section.require("authid", method, example: "sidecar")
            section.require("ticket", method, example: "\"${WAMP_TICKET}\"")
            credentials = authid.flatMap { authid in ticket.map { .ticket(authid: authid, ticket: $0) } }
        case .wampcra:
            section.require("authid", method, example: "sidecar")
            section.require("secret", method, example: "\"${WAMP_SECRET}\"")
            credentials = authid.flatMap { authid in secret.map { .wampcra(authid: authid, secret: $0) } }
        case .cryptosign:
            section.require("private_key", method, example: "\"${WAMP_KEY}\"")
            credentials = key.map { .cryptosign(authid: authid, key: $0, channelBinding: binding) }
        case .scram, .wampScram:
            section.require("authid", method, example: "sidecar")
            section.require("secret", method, example: "\"${WAMP_SECRET}\"")
            self.checkForm(section, authid: authid, secret: secret)
            let dialect: AuthenticationSettings.ScramDialect = method == .scram ? .crossbar : .specification
            credentials = authid.flatMap { authid in
                secret.map { .scram(authid: authid, secret: $0, dialect: dialect) }
            }
        case .tls:
            self.checkCertificate(router, auth: section, hasTLS: hasTLS)
            credentials = .tls(authid: authid)
        }
        return credentials.map { AuthenticationSettings(location: entry.location, credentials: $0) }
    }

    /// SCRAM uses a prepared form of the name and the password.
    private func checkForm(_ section: Section, authid: String?, secret: Secret?) {
        if let authid, let failure = Self.failure({ () throws(SASLPrep.Failure) in _ = try SASLPrep.prepare(authid) }) {
            section.clash("authid", failure.problem, failure.remedy)
        }
        if let secret,
            let failure = Self.failure({ () throws(SASLPrep.Failure) in _ = try SASLPrep.prepare(secret.octets) })
        {
            self.add(
                at: section.secretLocation("secret"), "\(section.name(of: "secret")) \(failure.problem)",
                failure.remedy)
        }
    }

    private static func failure(_ prepare: () throws(SASLPrep.Failure) -> Void) -> SASLPrep.Failure? {
        do throws(SASLPrep.Failure) {
            try prepare()
            return nil
        } catch {
            return error
        }
    }

    private func checkCertificate(_ router: Section, auth: Section, hasTLS: Bool) {
        if !hasTLS {
            auth.clash(
                "method", "is 'tls', and no URL of the router has TLS", "write wss:// or rss:// in 'url' of router")
        }
        let keys = router.entry("tls").flatMap { Section.entries(of: $0.value) } ?? []
        if !keys.contains(where: { $0.key == "certificate_file" }) {
            auth.clash(
                "method", "is 'tls', which needs a client certificate",
                "add e.g. tls: { certificate_file: /run/secrets/sidecar.crt, key_file: /run/secrets/sidecar.key } to "
                    + "router"
            )
        }
    }
}

extension Section {
    /// The keys that belong to some methods only, with these methods; a secret's `_file` twin belongs to the same.
    private static let methods: [(key: String, isSecret: Bool, methods: [AuthenticationSettings.Method])] = [
        ("ticket", true, [.ticket]), ("secret", true, [.wampcra, .scram, .wampScram]),
        ("private_key", true, [.cryptosign]), ("channel_binding", false, [.cryptosign]),
    ]

    fileprivate func refuseOtherKeys(than method: AuthenticationSettings.Method) {
        for (key, isSecret, methods) in Self.methods where !methods.contains(method) {
            let remedy = "write method: \(Shown.choice(methods.map(\.rawValue))), or remove"
            self.clash(key, "belongs to another method", "\(remedy) '\(key)'")
            if isSecret { self.clash("\(key)_file", "belongs to another method", "\(remedy) '\(key)_file'") }
        }
    }

    fileprivate func require(_ key: String, _ method: AuthenticationSettings.Method, example: String) {
        guard !self.has(key), !self.has("\(key)_file") else { return }
        self.reading.add(
            at: self.location, "'\(key)' is missing \(self.place), which method '\(method.rawValue)' needs",
            "add e.g. \(key): \(example)")
    }
}
