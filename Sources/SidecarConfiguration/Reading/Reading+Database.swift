extension Reading {
    /// The section `database`; nil if it is faulty.
    func database(_ entry: YAMLEntry) -> DatabaseSettings? {
        let example = "postgresql://wamp@127.0.0.1:5432/app"
        guard
            let section = Section(
                entry.value, at: entry.location, place: "in database", keys: .database, example: "url: \(example)",
                reading: self)
        else { return nil }
        let url = section.text(
            "url", Expected(what: "a libpq URI or keyword string", example: example), check: self.checks.databaseURL)
        if !section.has("url") { section.missing("url", example: example) }
        let password = section.secret("password")
        let connections = section.number("connections", in: 1...1000) ?? 4
        let pipeline = section.number("pipeline", in: 1...1024) ?? 32
        let queue = section.number("queue", in: 1...1_000_000) ?? 1000
        let queueTimeout = section.duration("queue_timeout", in: Bounds.timeout) ?? .seconds(5)
        let onLoss = section.choice("on_database_loss", of: DatabaseSettings.OnDatabaseLoss.self) ?? .keep
        guard let url else { return nil }
        return DatabaseSettings(
            location: section.location, url: Located(Secret(url.value), at: url.location), password: password,
            connections: connections, pipeline: pipeline, queue: queue, queueTimeout: queueTimeout,
            onDatabaseLoss: onLoss)
    }
}
