internal import Names

/// The parts of `router` about the way to the router: `headers` and `proxy`.
extension Reading {
    /// The key `headers`: names and values, in the order of the file, without faulty ones; and the place of each name.
    func headers(
        _ section: Section, urls: [Located<RouterURL>]
    ) -> (all: HandshakeHeaders, names: [Located<HandshakeHeaders.Name>]) {
        var headers = HandshakeHeaders()
        guard let entry = section.entry("headers") else { return (headers, []) }
        let name = section.name(of: "headers")
        let example = "headers: { Authorization: \"${ROUTER_TOKEN}\" }"
        guard !entry.value.isNull, let entries = Section.entries(of: entry.value), !entries.isEmpty else {
            self.add(
                at: entry.value.location, "\(name) is \(entry.value.kind) instead of names and values",
                "write e.g. \(example)")
            return (headers, [])
        }
        if !urls.isEmpty, !urls.contains(where: \.value.isWebSocket) {
            self.add(
                at: entry.location, "\(name) belong to the WebSocket handshake, and no 'url' is a WebSocket URL",
                "use a URL with ws:// or wss://, or remove 'headers'")
        }
        var seen: Set<HandshakeHeaders.Name> = []
        let names = entries.compactMap { self.header($0, section, example: example, seen: &seen, into: &headers) }
        return (headers, names)
    }

    private func header(
        _ entry: YAMLEntry, _ section: Section, example: String, seen: inout Set<HandshakeHeaders.Name>,
        into headers: inout HandshakeHeaders
    ) -> Located<HandshakeHeaders.Name>? {
        let place = section.name(of: "headers")
        let shown = entry.shownKey.map { "the header '\($0)' of \(place)" } ?? "a header of \(place)"
        let name: HandshakeHeaders.Name
        do {
            name = try HandshakeHeaders.Name(entry.key)
        } catch {
            self.add(at: entry.location, "\(shown) \(error)", "correct or remove it")
            return nil
        }
        guard seen.insert(name).inserted else {
            self.add(
                at: entry.location, "\(shown) is listed twice (capital letters make no difference)",
                "remove one of the two")
            return nil
        }
        let expected = Expected(what: "a text", example: example)
        guard let value = section.text(section.scalar(entry.value, name: shown, expected), name: shown) else {
            return nil
        }
        do {
            try headers.add(name, value.value)
        } catch {
            self.add(at: value.location, "\(shown) \(error)", "write e.g. \(example)")
            return nil
        }
        return Located(name, at: entry.location)
    }

    /// Headers with credentials must not be readable on the way.
    func refuseOpenLogins(_ names: [Located<HandshakeHeaders.Name>]) {
        for name in names where name.value.logsIn {
            self.add(
                at: name.location, "the header '\(name.value.text)' would go unencrypted to another host",
                "use wss://, or allow it by insecure: true in router")
        }
    }

    /// The key `proxy`, or its twin; nil if neither exists or it is faulty.
    func proxy(_ section: Section, urls: [Located<RouterURL>]) -> HTTPProxy? {
        if !urls.isEmpty, !urls.contains(where: \.value.isTCP) {
            for key in ["proxy", "proxy_file"] {
                section.clash(
                    key, "has no effect: 'url' has only Unix sockets, which need no proxy", "remove it")
            }
        }
        return section.secretValue("proxy", example: "http://proxy.example.com:3128", parse: HTTPProxy.init)
    }
}
