extension Reading {
    /// The section `subscriptions`: those entries that are right.
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
        let match = section.choice("match", of: ProcedureMapping.Match.self)
        if match != nil || !section.has("match"),
            let problem = self.checks.topic(entry.key, (match ?? .exact).rawValue)
        {
            self.add(
                at: entry.location, "subscription \(Shown.quoted(entry.key)) \(problem)",
                "write a topic such as com.example.sensor.reading")
        }
        let function = section.text(
            "function", Expected(what: "a function's name or signature", example: "telemetry.record"),
            remedy: "name a function, e.g. telemetry.record, or its signature, e.g. telemetry.record(jsonb, jsonb)",
            check: self.checks.functionReference)
        if !section.has("function") { section.missing("function", example: "telemetry.record") }
        let retained = section.flag("retained") ?? false
        let concurrency = section.number("concurrency", in: 1...1000) ?? 1
        let timeout = section.duration("timeout", in: Bounds.timeout) ?? .seconds(30)
        let role = section.text("role", Expected(what: "a role's name", example: "telemetry_writer"))
        let retries = section.number("retries", in: 0...100) ?? 3
        let convention = section.choice("convention", of: ProcedureMapping.Convention.self) ?? .auto
        guard let function else { return nil }
        return SubscriptionMapping(
            topic: entry.key, location: entry.location, function: function, match: match ?? .exact, retained: retained,
            concurrency: concurrency, timeout: timeout, role: role?.value, retries: retries, convention: convention)
    }

    /// A lone function is what `function` is in a section of which nothing else is said.
    func keys(of value: YAMLNode) -> YAMLNode {
        guard case .scalar = value.content, !value.isNull else { return value }
        let function = YAMLEntry(key: "function", location: value.location, value: value)
        return YAMLNode(location: value.location, content: .mapping([function]), size: 2, height: 2)
    }
}
