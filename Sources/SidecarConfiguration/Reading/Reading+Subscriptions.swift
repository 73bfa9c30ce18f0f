internal import Names

extension Reading {
    /// The valid entries of the section `subscriptions`.
    func subscriptions(_ entry: YAMLEntry) -> [SubscriptionMapping] {
        guard let entries = Section.entries(of: entry.value) else {
            self.add(
                at: entry.value.location, "'subscriptions' is \(entry.value.kind) instead of a mapping of topics",
                "write e.g. com.example.sensor.reading: telemetry.record below it")
            return []
        }
        self.refuseNothing(entry, "com.example.sensor.reading: telemetry.record")
        return entries.compactMap { self.subscription($0) }
    }

    private func subscription(_ entry: YAMLEntry) -> SubscriptionMapping? {
        guard
            let section = Section(
                self.keys(of: entry.value), at: entry.location, place: "in subscription \(Shown.quoted(entry.key))",
                keys: .subscription, example: "function: telemetry.record", reading: self)
        else { return nil }
        let match = section.has("match") ? section.choice("match", of: MatchPolicy.self) : .exact
        let topic = match.flatMap { self.topic(entry, match: $0) }
        let function = section.value(
            "function", Expected(what: "a function's name or signature", example: "telemetry.record"),
            remedy: "name a function, e.g. telemetry.record, or its signature, e.g. telemetry.record(jsonb, jsonb)",
            parse: FunctionReference.init)
        if !section.has("function") { section.missing("function", example: "telemetry.record") }
        let retained = section.flag("retained") ?? false
        let concurrency = section.number("concurrency", in: 1...1000) ?? 1
        let timeout = section.duration("timeout", in: Bounds.timeout) ?? .seconds(30)
        let role = section.text("role", Expected(what: "a role's name", example: "telemetry_writer"))
        let retries = section.number("retries", in: 0...100) ?? 3
        let convention = section.choice("convention", of: ProcedureMapping.Convention.self) ?? .auto
        guard let match, let topic, let function else { return nil }
        return SubscriptionMapping(
            topic: topic, location: entry.location, function: function, match: match, retained: retained,
            concurrency: concurrency, timeout: timeout, role: role?.value, retries: retries, convention: convention)
    }

    private func topic(_ entry: YAMLEntry, match: MatchPolicy) -> URI? {
        do {
            return try URI(pattern: entry.key, match: match)
        } catch {
            self.add(
                at: entry.location, "subscription \(Shown.quoted(entry.key)) \(error)",
                "write a topic such as com.example.sensor.reading")
            return nil
        }
    }

    /// A lone function means a section with only the key `function`.
    func keys(of value: YAMLNode) -> YAMLNode {
        guard case .scalar = value.content, !value.isNull else { return value }
        let function = YAMLEntry(key: "function", location: value.location, value: value)
        return YAMLNode(location: value.location, content: .mapping([function]), size: 2, height: 2)
    }
}
