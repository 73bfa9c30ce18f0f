package import Names

extension ProcedureMapping: MappedEntry {
    /// A procedure that the router finds by a URI.
    package struct Key: Hashable {
        let uri: URI
        let match: MatchPolicy
    }

    package var key: Key { Key(uri: self.uri, match: self.match) }

    package var places: [Location] { [self.location] }

    package func isSame(as other: Self) -> Bool {
        self.target == other.target && self.invoke == other.invoke && self.concurrency == other.concurrency
            && self.announcesConcurrency == other.announcesConcurrency
            && self.forceReregister == other.forceReregister && self.disclosesCaller == other.disclosesCaller
            && self.timeout == other.timeout && self.role.isSame(as: other.role)
            && self.convention == other.convention && self.results == other.results && self.maxRows == other.maxRows
            && self.maxResultBytes == other.maxResultBytes && self.bigint == other.bigint
            && self.errors == other.errors && self.retries == other.retries
    }
}

extension ProcedureMapping.Role {
    fileprivate func isSame(as other: Self) -> Bool {
        switch (self, other) {
        case (.session, .session): true
        case (.fixed(let one), .fixed(let other)): ExactText.areSame(one, other)
        case (.byAuthrole(let one), .byAuthrole(let other)):
            one.count == other.count
                && zip(one, other).allSatisfy {
                    ExactText.areSame($0.authrole, $1.authrole) && ExactText.areSame($0.role, $1.role)
                }
        case (.session, _), (.fixed, _), (.byAuthrole, _): false
        }
    }
}

extension SubscriptionMapping: MappedEntry {
    /// A function that runs for the events of a topic.
    package struct Key: Hashable {
        let topic: URI
        let match: MatchPolicy
        let function: FunctionReference
    }

    package var key: Key { Key(topic: self.topic, match: self.match, function: self.function.value) }

    package var places: [Location] { [self.location] }

    package func isSame(as other: Self) -> Bool {
        self.retained == other.retained && self.concurrency == other.concurrency && self.timeout == other.timeout
            && ExactText.areSame(self.role, other.role) && self.retries == other.retries
            && self.convention == other.convention
    }
}

extension NotificationMapping: MappedEntry {
    package var key: ExactText { ExactText(self.channel) }

    package var places: [Location] {
        switch self.action {
        case .publish: [self.location]
        case .call(_, let result, _): [self.location] + (result.map { [$0.location] } ?? [])
        }
    }

    package func isSame(as other: Self) -> Bool {
        switch (self.action, other.action) {
        case (.publish(let topic, let options), .publish(let otherTopic, let otherOptions)):
            ExactText.areSame(topic.value.text, otherTopic.value.text) && options.isSame(as: otherOptions)
        case (.call(let procedure, let result, let timeout), .call(let other, let otherResult, let otherTimeout)):
            procedure == other && result == otherResult && timeout == otherTimeout
        case (.publish, _), (.call, _): false
        }
    }
}

extension PublishSettings {
    fileprivate func isSame(as other: Self) -> Bool {
        self == other && ExactText.areSame(self.excludeAuthid, other.excludeAuthid)
            && ExactText.areSame(self.excludeAuthrole, other.excludeAuthrole)
            && ExactText.areSame(self.eligibleAuthid, other.eligibleAuthid)
            && ExactText.areSame(self.eligibleAuthrole, other.eligibleAuthrole)
    }
}

extension ExactText {
    /// Whether two texts are the same octets, or neither is there.
    static func areSame(_ one: String?, _ other: String?) -> Bool {
        one.map(ExactText.init) == other.map(ExactText.init)
    }

    /// Whether two lists are the same texts in the same order, or neither is there.
    static func areSame(_ one: [String]?, _ other: [String]?) -> Bool {
        one?.map(ExactText.init) == other?.map(ExactText.init)
    }
}
