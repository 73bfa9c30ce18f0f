internal import Postgres

extension Reading {
    /// The section `database`; nil if it is faulty.
    func database(_ entry: YAMLEntry) -> DatabaseSettings? {
        let example = "postgresql://wamp@127.0.0.1:5432/app"
        guard
            let section = Section(
                entry.value, at: entry.location, place: "in database", keys: .database, example: "url: \(example)",
                reading: self)
        else { return nil }
        let expected = Expected(what: "a libpq URI or keyword string", example: example)
        let url = section.text("url", expected)
        if !section.has("url") { section.missing("url", example: example) }
        let password = section.secret("password")
        let connection = url.flatMap { url in
            section.value(of: url, "url", expected) { text throws(ConnectionSettingsError) in
                try ConnectionSettings(url: text, password: password?.reveal())
            }
        }
        let connections = section.number("connections", in: 1...1000) ?? 4
        let pipeline = section.number("pipeline", in: 1...1024) ?? 32
        let queue = section.number("queue", in: 1...1_000_000) ?? 1000
        let queueTimeout = section.duration("queue_timeout", in: Bounds.timeout) ?? .seconds(5)
        let onLoss = section.choice("on_database_loss", of: DatabaseSettings.OnDatabaseLoss.self) ?? .keep
        let schema = section.text("schema", Expected(what: "a schema's name", example: "wamp")) {
            Self.problem(ofName: $0) ?? ($0.hasPrefix("pg_") ? "begins with 'pg_', which belongs to PostgreSQL" : nil)
        }
        let grantTo = self.roles(section, "grant_to")
        let registerTo = self.roles(section, "register_to")
        guard let connection else { return nil }
        return DatabaseSettings(
            location: section.location, connection: connection, connections: connections, pipeline: pipeline,
            queue: queue, queueTimeout: queueTimeout,
            onDatabaseLoss: onLoss, schema: schema?.value ?? "wamp",
            schemaLocation: schema?.location ?? section.location, grantTo: grantTo, registerTo: registerTo)
    }

    private func roles(_ section: Section, _ key: String) -> [String]? {
        guard let roles = section.texts(key, example: "app_writer") else { return nil }
        for role in roles {
            guard let problem = Self.problem(ofName: role.value) else { continue }
            self.add(
                at: role.location, "a value of \(section.name(of: key)) \(problem)", "write a role's name, or PUBLIC")
        }
        return roles.map(\.value)
    }

    private static func problem(ofName name: String) -> String? {
        name.utf8.count > 63 ? "is longer than the 63 octets that PostgreSQL takes" : nil
    }
}
