"""Who speaks when, and whose face that is: one probabilistic model of the whole file.

States are nobody, one person, or two at once (`states`). What is heard says how many speak and where the speaker changes,
the voices of stretches say who; what is seen says whose mouth moves as in speech and whose lips fit the sound. People are the faces of
the video and voices that no face explains. What is not known beforehand is inferred with the states by variational
Bayes (as VBx does for sound alone: Landini, Profant, Diez, Burget, "Bayesian HMM clustering of x-vector sequences",
Computer Speech & Language 2022): each person's voice, how late each person's sound comes, whether a person's lips
can be read at all.
"""
