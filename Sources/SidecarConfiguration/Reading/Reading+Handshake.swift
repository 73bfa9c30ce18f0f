/// What `router` says about the way to the router: `headers` and `proxy`.
extension Reading {
    /// Whether a router's URL is one of WebSocket.
    static func isWebSocket(_ url: String) -> Bool { self.scheme(url).hasPrefix("ws") }

    /// The key `headers`: names and values, in the order of the file, without those that are faulty.
    func headers(_ section: Section, urls: [Located<String>]) -> [Located<RouterSettings.Header>] {
        guard let entry = section.entry("headers") else { return [] }
        let name = section.name(of: "headers")
        let example = "headers: { Authorization: \"${ROUTER_TOKEN}\" }"
        guard !entry.value.isNull, let entries = Section.entries(of: entry.value), !entries.isEmpty else {
            self.add(
                at: entry.value.location, "\(name) is \(entry.value.kind) instead of names and values",
                "write e.g. \(example)")
            return []
        }
        if !urls.isEmpty, !urls.contains(where: { Self.isWebSocket($0.value) }) {
            self.add(
                at: entry.location, "\(name) go into the WebSocket handshake, and no 'url' is one of WebSocket",
                "use a URL with ws:// or wss://, or remove 'headers'")
        }
        var seen: Set<String> = []
        return entries.compactMap { self.header($0, section, example: example, seen: &seen) }
    }

    private func header(
        _ entry: YAMLEntry, _ section: Section, example: String, seen: inout Set<String>
    ) -> Located<RouterSettings.Header>? {
        let place = section.name(of: "headers")
        let name = entry.shownKey.map { "the header '\($0)' of \(place)" } ?? "a header of \(place)"
        if let problem = self.checks.headerName(entry.key) {
            self.add(at: entry.location, "\(name) \(problem)", "correct or remove it")
            return nil
        }
        guard seen.insert(entry.key.lowercased()).inserted else {
            self.add(
                at: entry.location, "\(name) is there twice, small and capital letters being the same",
                "remove one of the two")
            return nil
        }
        let expected = Expected(what: "a text", example: example)
        guard let value = section.text(section.scalar(entry.value, name: name, expected), name: name) else {
            return nil
        }
        if let problem = self.checks.headerValue(value.value, entry.key) {
            self.add(at: value.location, "\(name) \(problem)", "write e.g. \(example)")
            return nil
        }
        return Located(RouterSettings.Header(name: entry.key, value: Secret(value.value)), at: entry.location)
    }

    /// Headers that log in must not be readable on the way.
    func refuseOpenLogins(_ headers: [Located<RouterSettings.Header>]) {
        for header in headers where ["authorization", "cookie"].contains(header.value.name.lowercased()) {
            self.add(
                at: header.location, "the header '\(header.value.name)' would go unencrypted to another host",
                "use wss://, or allow it by insecure: true in router")
        }
    }

    /// The key `proxy`, or its twin; nil if neither is there or it is faulty.
    func proxy(_ section: Section, urls: [Located<String>]) -> Secret? {
        if !urls.isEmpty, urls.allSatisfy({ Self.scheme($0.value).hasSuffix("+unix") }) {
            for key in ["proxy", "proxy_file"] {
                section.clash(
                    key, "is of no use: a Unix socket is reached without, and 'url' has nothing else", "remove it")
            }
        }
        return section.secret("proxy", example: "http://proxy.example.com:3128", check: self.checks.proxyURL)
    }

    private static func scheme(_ url: String) -> String { url.prefix { $0 != ":" }.lowercased() }
}
