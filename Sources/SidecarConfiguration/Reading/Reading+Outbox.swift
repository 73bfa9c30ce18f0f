extension Reading {
    /// The section `outbox`; its defaults if it is faulty.
    func outbox(_ entry: YAMLEntry?) -> OutboxSettings {
        let section = entry.flatMap {
            Section($0.value, at: $0.location, place: "in outbox", keys: .outbox, example: "batch: 1000", reading: self)
        }
        let name = section?.text("event_id", Expected(what: "the name of a keyword argument", example: "event_id"))
        return OutboxSettings(
            eventID: name?.value, batch: section?.number("batch", in: 1...10_000) ?? 1000,
            acknowledgeTimeout: section?.duration("acknowledge_timeout", in: Bounds.timeout) ?? .seconds(10),
            attempts: section?.number("attempts", in: 1...1000) ?? 5)
    }

    /// How long dead letters are kept, from the section `dead_letter`.
    func deadLetterKeep(_ entry: YAMLEntry?) -> Duration {
        let section = entry.flatMap {
            Section(
                $0.value, at: $0.location, place: "in dead_letter", keys: .deadLetter, example: "keep: 30d",
                reading: self)
        }
        return section?.duration("keep", in: Bounds.keep) ?? .seconds(30 * 86_400)
    }
}
