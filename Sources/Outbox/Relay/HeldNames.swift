import Postgres

/// The names of the held topics as an array's text: the same for many scans, and possibly long.
struct HeldNames {
    private var known: (text: String, generation: Int)?

    /// The text; nil if there are none.
    mutating func text(of held: HeldTopics) -> String? {
        guard !held.isEmpty else { return nil }
        if let known = self.known, known.generation == held.generation { return known.text }
        let text = SQLText.array(held.names)
        self.known = (text, held.generation)
        return text
    }

    /// The topics have changed, whatever their generation.
    mutating func forget() {
        self.known = nil
    }
}
