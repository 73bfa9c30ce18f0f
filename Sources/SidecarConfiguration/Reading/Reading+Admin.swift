internal import Names

extension Reading {
    /// The section `admin`; nil if it is faulty.
    func admin(_ entry: YAMLEntry) -> AdminSettings? {
        let example = "\"127.0.0.1:9632\""
        guard
            let section = Section(
                entry.value, at: entry.location, place: "in admin", keys: .admin, example: "listen: \(example)",
                reading: self)
        else { return nil }
        let listen = section.value(
            "listen", Expected(what: "an address and a port", example: example),
            remedy: "write host:port, [address]:port or unix:/folder/name, e.g. listen: \(example)"
        ) { text throws(TextFault) in
            guard let address = AdminAddress(text) else { throw TextFault("is no address that can be listened on") }
            return address
        }
        if !section.has("listen") { section.missing("listen", example: example) }
        let pages = self.pages(section)
        let password = section.secret("password")
        let tls = self.serverTLS(section, place: "in admin.tls", keys: .adminTLS)
        let stuckAfter = section.duration("stuck_after", in: Bounds.stuck) ?? .seconds(60)
        let insecure = section.flag("insecure") ?? false
        guard let listen else { return nil }
        if case .file = listen.value {
            section.clash("tls", "has no meaning for a Unix socket, which nobody can listen in on", "remove it")
        }
        let isGuarded =
            listen.value.isLocal || insecure
            || (section.has("password") || section.has("password_file")) && section.has("tls")
        if !isGuarded, let pages, pages.contains(.status), let entry = section.entry("pages") {
            self.add(
                at: entry.value.location,
                "'pages' in admin shows the status, which names procedures and hosts, where other machines reach it",
                "add password_file and tls, leave out status, or allow it by insecure: true")
        }
        let known: [AdminSettings.Page] =
            listen.value.isLocal ? AdminSettings.Page.allCases : [.health, .metrics]
        return AdminSettings(
            location: section.location, listen: listen, pages: pages ?? known, password: password, tls: tls,
            stuckAfter: stuckAfter, insecure: insecure)
    }

    private func pages(_ section: Section) -> [AdminSettings.Page]? {
        guard let nodes = section.list("pages", example: "health") else { return nil }
        if nodes.isEmpty, let entry = section.entry("pages") {
            self.add(at: entry.value.location, "'pages' in admin is an empty list", "write pages: [health]")
        }
        var pages: [AdminSettings.Page] = []
        for node in nodes {
            let expected = Expected(what: "a page's name", example: "health")
            guard let scalar = section.scalar(node, name: "a value of 'pages' in admin", expected),
                let page = section.choice(scalar, "pages", of: AdminSettings.Page.self)
            else { continue }
            if pages.contains(page) {
                self.add(
                    at: node.location, "'\(page.rawValue)' is twice in 'pages' in admin", "remove one of the two")
            } else {
                pages.append(page)
            }
        }
        return pages
    }
}
