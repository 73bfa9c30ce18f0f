internal import Names

/// Finds the word that somebody may have meant.
package enum Suggestion {
    /// The candidate that is nearest to a word, if one is near enough.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= 40 else { return nil }
        let word = Self.folded(word)
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = EditDistance.between(word, Self.folded(candidate))
            let isNear = distance <= max(1, min(word.utf8.count, candidate.utf8.count) / 3)
            if isNear, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// Capitals and dashes make no difference.
    private static func folded(_ word: String) -> String { word.lowercased().replacing("-", with: "_") }
}
