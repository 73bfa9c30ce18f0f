import Names

extension Reading {
    /// The valid entries of the section `notifications`.
    func notifications(_ entry: YAMLEntry) -> [NotificationMapping] {
        guard let entries = Section.entries(of: entry.value) else {
            self.add(
                at: entry.value.location, "'notifications' is \(entry.value.kind) instead of a mapping of channels",
                "write e.g. order_changed: { publish: com.example.order.changed } below it")
            return []
        }
        self.refuseNothing(entry, "order_changed: { publish: com.example.order.changed }")
        return entries.compactMap { self.notification($0) }
    }

    private func notification(_ entry: YAMLEntry) -> NotificationMapping? {
        let place = "in notification \(Shown.quoted(entry.key))"
        guard
            let section = Section(
                entry.value, at: entry.location, place: place, keys: .notification,
                example: "publish: com.example.order.changed", reading: self)
        else { return nil }
        if !(1...63).contains(entry.key.utf8.count) || entry.key.utf8.contains(0) {
            self.add(
                at: entry.location, "\(Shown.quoted(entry.key)) is not a possible name of a channel",
                "name the channel as LISTEN does, in 1 to 63 octets")
        }
        let topic = self.topic(section)
        let options = self.publishOptions(section)
        let procedure = section.value(
            "call", Expected(what: "a procedure's URI", example: "com.example.work"), parse: Self.procedure)
        let result = section.value(
            "result", Expected(what: "a function's name", example: "public.work_done"), parse: FunctionReference.init)
        let timeout = section.duration("timeout", in: Bounds.timeout) ?? .seconds(30)
        switch (section.has("publish"), section.has("call")) {
        case (true, true):
            section.clash("call", "can't be combined with 'publish'", "remove one of the two")
            return nil
        case (true, false):
            for key in ["result", "timeout"] { section.clash(key, "is for 'call' only", "remove it") }
            return topic.map {
                NotificationMapping(
                    channel: entry.key, location: entry.location, action: .publish(topic: $0, options: options))
            }
        case (false, true):
            section.clash("options", "is for 'publish' only", "remove it")
            return procedure.map {
                NotificationMapping(
                    channel: entry.key, location: entry.location,
                    action: .call(procedure: $0, result: result, timeout: timeout))
            }
        case (false, false):
            self.add(
                at: section.location, "neither 'publish' nor 'call' is given \(section.place)",
                "add e.g. publish: com.example.order.changed")
            return nil
        }
    }

    private func topic(_ section: Section) -> Located<TopicTemplate>? {
        let example = Expected(what: "a topic", example: "com.example.order.changed")
        guard let text = section.text("publish", example) else { return nil }
        let remedy: String
        let problem: String
        do throws(TopicTemplateError) {
            let template = try TopicTemplate(text.value)
            guard template.sample.isReserved else { return Located(template, at: text.location) }
            (problem, remedy) = (
                "begins with 'wamp', which is the router's own", "write e.g. publish: \(example.example)"
            )
        } catch {
            problem = error.description
            switch error {
            case .uri: remedy = "write e.g. publish: \(example.example)"
            case .closingBrace, .openBrace, .emptyKey: remedy = "write e.g. \"com.example.order.{id}.moved\""
            }
        }
        self.add(at: text.location, "\(section.name(of: "publish")) \(problem)", remedy)
        return nil
    }

    private static func procedure(_ text: String) throws(TextFault) -> URI {
        if text.contains(where: { $0 == "{" || $0 == "}" }) {
            throw TextFault("has a brace, which only topics may have")
        }
        let uri: URI
        do {
            uri = try URI(text)
        } catch {
            throw TextFault(error.description)
        }
        if uri.isReserved { throw TextFault("begins with 'wamp', which is the router's own") }
        return uri
    }

    private func publishOptions(_ notification: Section) -> PublishSettings {
        var options = PublishSettings()
        guard let entry = notification.entry("options"),
            let section = Section(
                entry.value, at: entry.location, place: "in the options of \(notification.place.dropFirst(3))",
                keys: .publishOptions, example: "options: { retain: true }", reading: self)
        else { return options }
        options.acknowledge = section.flag("acknowledge") ?? false
        options.excludeMe = section.flag("exclude_me")
        options.discloseMe = section.flag("disclose_me")
        options.retain = section.flag("retain")
        options.exclude = self.sessions(section, "exclude")
        options.excludeAuthid = section.texts("exclude_authid", example: "alice")?.map(\.value)
        options.excludeAuthrole = section.texts("exclude_authrole", example: "guest")?.map(\.value)
        options.eligible = self.sessions(section, "eligible")
        options.eligibleAuthid = section.texts("eligible_authid", example: "alice")?.map(\.value)
        options.eligibleAuthrole = section.texts("eligible_authrole", example: "clerk")?.map(\.value)
        return options
    }

    private func sessions(_ section: Section, _ key: String) -> [Int64]? {
        let name = "a value of \(section.name(of: key))"
        return section.list(key, example: "4711")?.compactMap { node in
            let expected = Expected(what: "a session's id", example: "\(key): [4711]")
            guard let scalar = section.scalar(node, name: name, expected) else { return nil }
            guard scalar.isBare, let id = Int64(scalar.text), Bounds.id.contains(id) else {
                self.add(
                    at: scalar.location, "\(name) is \(scalar.shown), which is not a session id",
                    "write whole numbers, e.g. \(key): [4711]")
                return nil
            }
            return id
        }
    }
}
