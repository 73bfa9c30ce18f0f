internal import Names

extension Reading {
    /// The valid entries of the section `procedures`.
    func procedures(_ entry: YAMLEntry) -> [ProcedureMapping] {
        guard let entries = Section.entries(of: entry.value) else {
            self.add(
                at: entry.value.location, "'procedures' is \(entry.value.kind) instead of a mapping of URIs",
                "write e.g. com.example.add2: public.add2 below it")
            return []
        }
        self.refuseNothing(entry, "com.example.add2: public.add2")
        return entries.compactMap { self.procedure($0) }
    }

    private func procedure(_ entry: YAMLEntry) -> ProcedureMapping? {
        guard
            let section = Section(
                self.keys(of: entry.value), at: entry.location, place: "in procedure \(Shown.quoted(entry.key))",
                keys: .procedure, example: "function: public.add2", reading: self)
        else { return nil }
        let match = section.has("match") ? section.choice("match", of: MatchPolicy.self) : .exact
        let uri = match.flatMap { self.procedureURI(entry, match: $0) }
        let target = self.target(section)
        let role = self.role(section)
        let convention = section.choice("convention", of: ProcedureMapping.Convention.self) ?? .auto
        if convention == .raw, section.has("sql") {
            section.clash("convention", "is raw, which can't be combined with 'sql'", "remove it, or name a function")
        }
        let invoke = section.choice("invoke", of: InvocationPolicy.self) ?? .single
        let concurrency = section.number("concurrency", in: 1...1000)
        let announcesConcurrency = section.flag("announce_concurrency") ?? false
        if announcesConcurrency, !section.has("concurrency") || invoke != .roundrobin {
            section.clash(
                "announce_concurrency", "requires 'concurrency' and 'invoke: roundrobin'",
                "add those, or remove it")
        }
        let forceReregister = section.flag("force_reregister") ?? false
        let disclosesCaller = section.flag("disclose_caller") ?? false
        let timeout = section.duration("timeout", in: Bounds.timeout) ?? .seconds(30)
        let results = section.choice("results", of: ProcedureMapping.Results.self) ?? .auto
        let maxRows = section.number("max_rows", in: 1...1_000_000_000)
        let maxResultBytes = section.size("max_result_bytes", in: Bounds.result) ?? 8 << 20
        let bigint = section.choice("bigint", of: ProcedureMapping.Bigint.self) ?? .number
        let errors = section.choice("errors", of: ProcedureMapping.Errors.self) ?? .full
        let retries = section.number("retries", in: 0...100) ?? 3
        guard let match, let uri, let target, let role else { return nil }
        return ProcedureMapping(
            uri: uri, location: entry.location, target: target, match: match, invoke: invoke,
            concurrency: concurrency, announcesConcurrency: announcesConcurrency, forceReregister: forceReregister,
            disclosesCaller: disclosesCaller, timeout: timeout, role: role, convention: convention, results: results,
            maxRows: maxRows, maxResultBytes: maxResultBytes, bigint: bigint, errors: errors, retries: retries)
    }

    private func procedureURI(_ entry: YAMLEntry, match: MatchPolicy) -> URI? {
        do {
            let uri = try URI(pattern: entry.key, match: match)
            if uri.isReserved { throw TextFault("begins with 'wamp', which is the router's own") }
            return uri
        } catch {
            self.add(
                at: entry.location, "procedure \(Shown.quoted(entry.key)) \(error)",
                "write a URI such as com.example.add2")
            return nil
        }
    }

    private func target(_ section: Section) -> Located<ProcedureTarget>? {
        let function = section.value(
            "function", Expected(what: "a function's name or signature", example: "public.add2"),
            remedy: "name a function, e.g. public.add2, or its signature, e.g. shop.item_get(bigint)",
            parse: FunctionReference.init)
        let statement = section.value(
            "sql", Expected(what: "a statement", example: "select * from item where id = :id"),
            remedy: "write one SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE or WITH", parse: StatementMapping.init)
        switch (section.has("function"), section.has("sql")) {
        case (true, true):
            section.clash("sql", "can't be combined with 'function'", "remove one of the two")
            return nil
        case (true, false):
            return function.map { Located(.function($0.value), at: $0.location) }
        case (false, true):
            return statement.map { Located(.sql($0.value), at: $0.location) }
        case (false, false):
            self.add(
                at: section.location, "neither 'function' nor 'sql' is given \(section.place)",
                "add e.g. function: public.add2")
            return nil
        }
    }

    private func role(_ section: Section) -> ProcedureMapping.Role? {
        let role = section.text("role", Expected(what: "a role's name", example: "shop_reader"))
        let roles = self.roles(section)
        switch (section.has("role"), section.has("roles")) {
        case (true, true):
            section.clash("roles", "can't be combined with 'role'", "remove one of the two")
            return nil
        case (true, false):
            return role.map { .fixed($0.value) }
        case (false, true):
            return roles.map { .byAuthrole($0) }
        case (false, false):
            return .session
        }
    }

    private func roles(_ section: Section) -> [ProcedureMapping.AuthroleRole]? {
        guard let entry = section.entry("roles") else { return nil }
        let example = "roles: { customer: shop_reader, clerk: shop_writer }"
        guard let entries = Section.entries(of: entry.value), !entries.isEmpty else {
            self.add(
                at: entry.value.location,
                "\(section.name(of: "roles")) is not a mapping of authroles to database roles", "write e.g. \(example)")
            return nil
        }
        var result: [ProcedureMapping.AuthroleRole] = []
        for entry in entries {
            let name = "the role for authrole \(Shown.quoted(entry.key)) \(section.place)"
            let expected = Expected(what: "a role's name", example: example)
            guard let role = section.text(section.scalar(entry.value, name: name, expected), name: name) else {
                continue
            }
            result.append(ProcedureMapping.AuthroleRole(authrole: entry.key, role: role.value))
        }
        return result
    }
}
