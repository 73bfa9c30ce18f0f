internal import Cryptography

extension Section {
    /// A secret, from its key or from the file that the key's `_file` twin names; nil if neither is there or it is faulty.
    /// No message holds what stands there.
    ///
    /// - Parameters:
    ///   - example: how the key's value may look; by default a variable.
    ///   - check: says what is wrong with a secret, to stand behind the key's name. It gets a text that can't be wiped,
    ///     so it is for what has to become one anyway.
    func secret(_ key: String, example: String? = nil, check: ((String) -> String?)? = nil) -> Secret? {
        let example = example ?? self.variable(key)
        let secret = self.secret(key, example: example, check: check) { path throws(TextFile.Failure) in
            Secret(try SecretFile.text(path))
        } inPlace: {
            Secret($0.value)
        }
        guard let secret, let check, !self.has(key), let problem = check(secret.reveal()) else { return secret }
        self.reading.add(
            at: self.secretLocation(key), "what the file holds that \(self.name(of: "\(key)_file")) names \(problem)",
            "write into it e.g. \(example)")
        return nil
    }

    /// A private key, likewise.
    func privateKey(_ key: String) -> Ed25519PrivateKey? {
        self.secret(key, example: self.variable(key)) { path throws(TextFile.Failure) in
            let content = try SecretFile.read(path)
            do throws(PrivateKeyError) {
                return try Ed25519PrivateKey.read(content)
            } catch {
                throw TextFile.Failure(problem: error.problem, remedy: error.remedy)
            }
        } inPlace: { text in
            do throws(PrivateKeyError) {
                return try Ed25519PrivateKey.read(SecretBytes(text.value))
            } catch {
                self.reading.add(at: text.location, "\(self.name(of: key)) \(error.problem)", error.remedy)
                return nil
            }
        }
    }

    /// Where a secret stands: its own value, or its file's name.
    func secretLocation(_ key: String) -> Location {
        (self.entry(key) ?? self.entry("\(key)_file"))?.value.location ?? self.location
    }

    private func variable(_ key: String) -> String { "\"${\(key.uppercased())}\"" }

    private func secret<Value>(
        _ key: String, example: String, check: ((String) -> String?)? = nil,
        inFile: (String) throws(TextFile.Failure) -> Value, inPlace: (Located<String>) -> Value?
    ) -> Value? {
        let twin = "\(key)_file"
        if self.has(key) {
            self.clash(twin, "says the same as '\(key)'", "remove one of the two")
        }
        let text = self.text(key, Expected(what: "a text", example: example), check: check ?? { _ in nil })
        let file = self.text(twin, Expected(what: "a file's path", example: "/run/secrets/\(key)"))
        if let text { return inPlace(text) }
        guard let file, !self.has(key) else { return nil }
        do throws(TextFile.Failure) {
            return try inFile(TextFile.path(file.value, in: self.reading.folder))
        } catch {
            self.reading.add(
                at: file.location,
                "the file \(Shown.quoted(file.value)) that \(self.name(of: twin)) names \(error.problem)",
                error.remedy)
            return nil
        }
    }
}
