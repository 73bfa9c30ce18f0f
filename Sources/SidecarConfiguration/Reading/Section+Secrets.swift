extension Section {
    /// A secret, from its key or from the file that the key's `_file` twin names; nil if neither is there or it is faulty.
    /// No message holds what stands there.
    ///
    /// - Parameters:
    ///   - example: how the key's value may look; by default a variable.
    ///   - check: says what is wrong with a secret, to stand behind the key's name.
    func secret(_ key: String, example: String? = nil, check: (String) -> String? = { _ in nil }) -> Secret? {
        let twin = "\(key)_file"
        if self.has(key) {
            self.clash(twin, "says the same as '\(key)'", "remove one of the two")
        }
        let example = example ?? "\"${\(key.uppercased())}\""
        let value = self.text(key, Expected(what: "a text", example: example), check: check)
        let file = self.text(twin, Expected(what: "a file's path", example: "/run/secrets/\(key)"))
        if let value { return Secret(value.value) }
        guard let file, !self.has(key) else { return nil }
        guard let secret = self.secret(inFile: file, key: twin) else { return nil }
        if let problem = check(secret.reveal()) {
            self.reading.add(
                at: file.location, "what the file holds that \(self.name(of: twin)) names \(problem)",
                "write into it e.g. \(example)")
            return nil
        }
        return secret
    }

    private func secret(inFile path: Located<String>, key: String) -> Secret? {
        do throws(TextFile.Failure) {
            let bytes = try TextFile.read(TextFile.path(path.value, in: self.reading.folder), limit: 65_536)
            var text = String(decoding: bytes, as: UTF8.self)
            // A line's end of CR and LF is one character.
            if text.last == "\n" || text.last == "\r\n" { text.removeLast() }
            if text.isEmpty || text.utf8.contains(0) {
                throw TextFile.Failure(
                    problem: text.isEmpty ? "is empty" : "has a NUL in it", remedy: "write the secret into it")
            }
            return Secret(text)
        } catch {
            self.reading.add(
                at: path.location,
                "the file \(Shown.quoted(path.value)) that \(self.name(of: key)) names \(error.problem)",
                error.remedy)
            return nil
        }
    }
}
