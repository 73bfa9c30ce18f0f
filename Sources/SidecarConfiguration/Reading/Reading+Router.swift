internal import Names

extension Reading {
    /// The section `router`; nil if it is faulty.
    func router(_ entry: YAMLEntry) -> RouterSettings? {
        let example = "url: ws://127.0.0.1:8080/ws"
        guard
            let section = Section(
                entry.value, at: entry.location, place: "in router", keys: .router, example: example, reading: self)
        else { return nil }
        let urls = self.routerURLs(section)
        let realm = section.value("realm", Expected(what: "a realm's name", example: "realm1"), parse: Realm.init)
        if !section.has("realm") { section.missing("realm", example: "realm1") }
        let serializers = self.serializers(section)
        let insecure = section.flag("insecure") ?? false
        let ping = section.flag("ping") ?? false
        let unit = section.choice("call_timeout_unit", of: RouterSettings.CallTimeoutUnit.self) ?? .auto
        let testament = self.testament(section)
        let authentication = self.authentication(section, urls: urls)
        let tls = self.routerTLS(section, urls: urls)
        let headers = self.headers(section, urls: urls)
        let proxy = self.proxy(section, urls: urls)
        let openURLs = urls.filter { $0.value.isOpenToEavesdroppers(through: proxy) }
        if !insecure, openURLs.contains(where: \.value.isWebSocket) {
            self.refuseOpenLogins(headers.names)
        }
        if case .ticket = authentication?.credentials, !insecure {
            for url in openURLs {
                self.add(
                    at: url.location, "the ticket would go unencrypted to another host",
                    "use wss:// or rss://, or another method, or allow it by insecure: true in router")
            }
        }
        guard let realm, let authentication, !urls.isEmpty else { return nil }
        return RouterSettings(
            location: section.location, urls: urls, realm: realm, serializers: serializers,
            authentication: authentication, tls: tls.settings, tlsContext: tls.context,
            headers: headers.all, proxy: proxy, ping: ping,
            callTimeoutUnit: unit, testament: testament, insecure: insecure)
    }

    private func routerURLs(_ section: Section) -> [Located<RouterURL>] {
        let example = "ws://127.0.0.1:8080/ws"
        guard let entry = section.entry("url") else {
            section.missing("url", example: example)
            return []
        }
        guard case .sequence(let nodes) = entry.value.content else {
            let url = section.text("url", Expected(what: "a URL or a list of them", example: example))
            return [url].compactMap { $0.flatMap { self.routerURL($0, section) } }
        }
        if nodes.isEmpty {
            self.add(at: entry.value.location, "'url' in router is an empty list", "write e.g. url: \(example)")
        }
        return (section.texts("url", example: example) ?? []).compactMap { self.routerURL($0, section) }
    }

    /// A URL if it is valid. It may contain a password by mistake, so no message repeats it.
    private func routerURL(_ url: Located<String>, _ section: Section) -> Located<RouterURL>? {
        section.value(
            of: url, "url", Expected(what: "a URL or a list of them", example: "ws://127.0.0.1:8080/ws"),
            parse: RouterURL.init)
    }

    private func serializers(_ section: Section) -> [RouterSettings.Serializer] {
        guard let nodes = section.list("serializers", example: "json") else {
            return RouterSettings.Serializer.allCases
        }
        var result: [RouterSettings.Serializer] = []
        if nodes.isEmpty, let entry = section.entry("serializers") {
            self.add(at: entry.value.location, "'serializers' in router is an empty list", "write serializers: [json]")
        }
        for node in nodes {
            let expected = Expected(what: "a serializer's name", example: "json")
            guard let scalar = section.scalar(node, name: "a value of 'serializers' in router", expected),
                let serializer = section.choice(scalar, "serializers", of: RouterSettings.Serializer.self)
            else { continue }
            if result.contains(serializer) {
                self.add(
                    at: node.location, "'\(serializer.rawValue)' is listed twice in 'serializers' in router",
                    "remove one of the two")
            } else {
                result.append(serializer)
            }
        }
        return result
    }
}
